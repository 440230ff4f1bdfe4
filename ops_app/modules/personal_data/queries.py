"""Every SELECT about consents, representatives and what was collected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from ops_app.errors import Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.queries import record_ids
from ops_app.modules.personal_data.access import OPEN_BLOCK, block_of
from ops_app.modules.personal_data.models import (
    Cabinet,
    CollectionNote,
    Consent,
    DataBlock,
    Representative,
    StoredFile,
)
from ops_app.modules.visits.models import Encounter

VISITS_SHOWN = 50


def consents_of(
    session: Session, records: Sequence[int]
) -> Sequence[Row[Consent, Organization, Organization, Representative]]:
    """All words of a person about his data, newest first, with who asked, who may look and who spoke."""
    recipient = aliased(Organization)
    return session.execute(
        select(Consent, Organization, recipient.name_kk, recipient.name_ru, recipient.name_en, Representative.name)
        .join(Organization, Organization.id == Consent.organization_id)
        .outerjoin(recipient, recipient.id == Consent.recipient_id)
        .outerjoin(Representative, Representative.id == Consent.representative_id)
        .where(Consent.patient_id.in_(records))
        .order_by(Consent.id.desc())
    ).all()  # type: ignore[return-value]


def consent_or_404(session: Session, consent_id: int, *, lock: bool = False) -> Consent:
    """A consent; locked, as it stands once nobody else writes it."""
    row = session.get(Consent, consent_id, with_for_update=lock or None)
    if row is None:
        raise NotFound(_("There is no such consent"))
    return row


def holds_today(consent: Consent) -> bool:
    """Whether a consent holds."""
    today = clock.today()
    return (
        consent.is_given
        and consent.withdrawn_at is None
        and consent.given_on <= today
        and (consent.valid_until is None or consent.valid_until >= today)
    )


def representatives_of(session: Session, records: Sequence[int]) -> Sequence[Representative]:
    """Who speaks or spoke for a person."""
    return session.scalars(
        select(Representative).where(Representative.patient_id.in_(records)).order_by(Representative.id.desc())
    ).all()


def speaker(session: Session, patient_id: int, representative_id: int, on: dt.date) -> Representative:
    """A representative of this person whose powers hold on a day."""
    found = session.scalar(
        select(Representative).where(
            Representative.id == representative_id,
            Representative.patient_id.in_(record_ids(session, patient_id)),
            Representative.valid_from <= on,
            or_(Representative.valid_until.is_(None), Representative.valid_until >= on),
        )
    )
    if found is None:
        raise Invalid(_("On this day the representative had no powers"), field="representative_id")
    return found


def file_or_404(session: Session, file_id: int) -> StoredFile:
    """A stored file."""
    row = session.get(StoredFile, file_id)
    if row is None:
        raise NotFound(_("There is no such file"))
    return row


def current_block(session: Session, records: Sequence[int]) -> DataBlock | None:
    """The block that holds today."""
    asked = select(DataBlock).where(OPEN_BLOCK).order_by(DataBlock.id.desc()).limit(1)
    return session.scalar(asked, block_of(records))


def has_cabinet(session: Session, patient_id: int) -> bool:
    """Whether the person can be told through the eGov cabinet."""
    row = session.get(Cabinet, patient_id)
    return row is not None and row.is_registered


def collected(
    session: Session, records: Sequence[int], limit: int | None = VISITS_SHOWN
) -> Sequence[Row[Encounter, Organization, CollectionNote]]:
    """Visits with the place that owns their data and the newest note on where the data came from."""
    newest = (
        select(func.max(CollectionNote.id))
        .where(CollectionNote.patient_id.in_(records))
        .group_by(CollectionNote.encounter_id)
    )
    noted = aliased(CollectionNote)
    return session.execute(
        select(Encounter, Organization, noted)
        .join(Organization, Organization.id == Encounter.organization_id)
        .outerjoin(noted, and_(noted.encounter_id == Encounter.id, noted.id.in_(newest)))
        .where(Encounter.patient_id.in_(records), Encounter.entered_in_error_at.is_(None))
        .order_by(Encounter.event_at.desc(), Encounter.id.desc())
        .limit(limit)
    ).all()


USUAL_WAYS = {"screen": "patient", "device": "technology", "registry": "technology", "import": "medical_records"}
"""How data came in, where nobody noted otherwise: by the source that every record keeps."""


def way_of(encounter: Encounter, note: CollectionNote | None) -> str:
    """The way in which the data of a visit were collected."""
    return note.way if note is not None else USUAL_WAYS[encounter.source]
