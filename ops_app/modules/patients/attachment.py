"""Who looks after a person: attachment, and the site that serves where he lives."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.patients import queries
from ops_app.modules.patients.models import Attachment, ServingSite
from ops_app.permissions import Permission


def _check_place(session: Session, actor: Actor, organization_id: int, site_id: int | None) -> None:
    organization = session.get(Organization, organization_id)
    if organization is None or organization.kind != "organization" or organization.is_external:
        raise Invalid(_("Choose an organisation of this installation"), field="organization_id")
    if not actor.scope(Permission.PATIENTS_IDENTITY_WRITE).allows(organization_id):
        raise Invalid(_("You may attach people only to your own organisation"), field="organization_id")
    if site_id is not None:
        site = session.get(Organization, site_id)
        if site is None or site.kind != "site" or site_id not in descendant_ids(session, [organization_id]):
            raise Invalid(_("This site does not belong to the organisation"), field="site_id")


def _check_start(session: Session, patient_id: int, start_date: dt.date) -> None:
    if start_date > clock.today():
        raise Invalid(_("The date lies in the future"), field="start_date")
    if start_date < queries.patient_or_404(session, patient_id).birth_date:
        raise Invalid(_("The date lies before the birth"), field="start_date")
    if queries.live_death(session, [patient_id]) is not None:
        raise Invalid(_("The death of this person is registered"), field="start_date")


def attach(
    session: Session,
    actor: Actor,
    patient_id: int,
    organization_id: int,
    site_id: int | None,
    start_date: dt.date,
    end_reason: str = "chosen",
) -> Attachment:
    """Attach a person from a day on; the attachment before ends that day for ``end_reason``."""
    _check_place(session, actor, organization_id, site_id)
    _check_start(session, patient_id, start_date)
    later = session.scalars(
        select(Attachment)
        .where(
            Attachment.patient_id == patient_id,
            Attachment.entered_in_error_at.is_(None),
            Attachment.end_date.is_(None) | (Attachment.end_date > start_date),
        )
        .with_for_update()
    ).all()
    for row in later:
        if (row.organization_id, row.site_id) == (organization_id, site_id) and row.end_date is None:
            raise Invalid(_("The person is already attached there"), field="organization_id")
        if row.start_date > start_date:
            raise Invalid(_("A later attachment exists; enter a date after it began"), field="start_date")
        before = audit.snapshot(row)
        if row.start_date == start_date:
            # Corrected on the day it was made: it never held.
            row.entered_in_error_at, row.entered_in_error_by = clock.now(), actor.login
            row.entered_in_error_reason = "replaced on the same day"
        else:
            row.end_date, row.end_reason = start_date, end_reason
        session.flush()
        _log(session, actor, row, before)
    fresh = Attachment(
        patient_id=patient_id,
        organization_id=organization_id,
        site_id=site_id,
        start_date=start_date,
        recorded_by=actor.login,
    )
    session.add(fresh)
    session.flush()
    _log(session, actor, fresh, None)
    plan_refresh.refresh(session, actor, patient_id)
    return fresh


def serve(
    session: Session, actor: Actor, patient_id: int, organization_id: int, site_id: int | None, start_date: dt.date
) -> ServingSite:
    """Take over the care of a person who lives here, whatever the attachment says."""
    _check_place(session, actor, organization_id, site_id)
    _check_start(session, patient_id, start_date)
    current = queries.current_serving_site(session, [patient_id], on=start_date)
    if current is not None:
        before = audit.snapshot(current)
        if current.start_date == start_date:
            current.entered_in_error_at, current.entered_in_error_by = clock.now(), actor.login
            current.entered_in_error_reason = "replaced on the same day"
        else:
            current.end_date = start_date
        session.flush()
        _log(session, actor, current, before)
    fresh = ServingSite(
        patient_id=patient_id,
        organization_id=organization_id,
        site_id=site_id,
        start_date=start_date,
        accepted_at=clock.now(),
    )
    session.add(fresh)
    session.flush()
    _log(session, actor, fresh, None)
    return fresh


def _log(session: Session, actor: Actor, row: Attachment | ServingSite, before: dict[str, object] | None) -> None:
    audit.changed(
        session,
        actor,
        entity=f"patients.{row.__tablename__}",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )
