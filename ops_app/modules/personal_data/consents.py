"""Writes about consents: recorded, received from the state's service, withdrawn; and who speaks for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.outbox import inbox, outbox
from ops_app.mechanisms.signature.verdict import Verdict
from ops_app.mechanisms.signature.verify import question, verify
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import live_by_iin, record_ids, standing_for
from ops_app.modules.personal_data import files, queries
from ops_app.modules.personal_data.access import is_live
from ops_app.modules.personal_data.files import Upload
from ops_app.modules.personal_data.forms import (
    CollectionForm,
    ConsentForm,
    ReceivedConsent,
    RepresentativeForm,
    WithdrawalForm,
)
from ops_app.modules.personal_data.models import Cabinet, CollectionNote, Consent, Representative
from ops_app.modules.signatures.titles import reason_text
from ops_app.modules.visits.models import Encounter
from saulyq.settings import settings

SYSTEM = "data_access_control"
"""The state's service of control of access to personal data."""


def add_representative(session: Session, actor: Actor, patient_id: int, form: RepresentativeForm) -> Representative:
    """Record who speaks for a person and on what basis."""
    row = Representative(patient_id=patient_id, recorded_at=clock.now(), recorded_by=actor.login, **form.model_dump())
    session.add(row)
    session.flush()
    _log(session, actor, "representative", row.id, patient_id, after=audit.snapshot(row))
    return row


def record(
    session: Session, actor: Actor, patient_id: int, organization_id: int, form: ConsentForm, upload: Upload | None
) -> Consent:
    """Record a consent with its scan or its signed document."""
    _check(session, patient_id, form)
    speaker = _speaker(session, patient_id, form)
    if upload is None:
        raise Invalid(_("Attach the scanned copy or the signed document"), field="file")
    signer = None
    if form.form == "electronic":
        files.check_size(upload)
        signer = _signer(session, patient_id, speaker, upload)
        kind = files.SIGNED
    else:
        kind = files.scan_type(upload)
    stored = files.store(session, actor, patient_id, upload, kind)
    row = Consent(
        patient_id=patient_id,
        organization_id=organization_id,
        file_id=stored.id,
        signer=signer,
        is_given=form.is_given == "yes",
        representative_id=speaker.id if speaker else None,
        recorded_at=clock.now(),
        recorded_by=actor.login,
        **form.model_dump(exclude={"is_given", "representative_id"}),
    )
    session.add(row)
    session.flush()
    _log(session, actor, "consent", row.id, patient_id, after=audit.snapshot(row) | {"sha256": stored.sha256})
    settle_research(session, patient_id)
    return row


def _check(session: Session, patient_id: int, form: ConsentForm) -> None:
    today = clock.today()
    if form.given_on > today:
        raise Invalid(_("This day has not come yet"), field="given_on")
    if form.valid_until is not None and form.valid_until < form.given_on:
        raise Invalid(_("The end lies before the beginning"), field="valid_until")
    if (form.purpose == "record_view") != (form.recipient_id is not None):
        raise Invalid(_("Name the organisation that may look; only this purpose has one"), field="recipient_id")
    if form.recipient_id is not None and session.get(Organization, form.recipient_id) is None:
        raise Invalid(_("Choose one of the listed values"), field="recipient_id")
    if form.encounter_id is not None:
        encounter = session.get(Encounter, form.encounter_id)
        if encounter is None or encounter.patient_id not in record_ids(session, patient_id):
            raise Invalid(_("This is no visit of this person"), field="encounter_id")


def _speaker(session: Session, patient_id: int, form: ConsentForm) -> Representative | None:
    if not form.representative_id:
        return None
    return queries.speaker(session, patient_id, form.representative_id, form.given_on)


def _signer(session: Session, patient_id: int, speaker: Representative | None, upload: Upload) -> str:
    """Whose valid signature the document bears: the person's, or his representative's."""
    verdict: Verdict = verify(upload.content, question(settings()))
    if not verdict.is_valid:
        raise Invalid(reason_text(verdict.reason), field="file")
    iin = speaker.iin if speaker else session.get_one(Patient, patient_id).iin
    signed = [signer for signer in verdict.signers if iin is not None and signer.iin == iin]
    if not signed:
        raise Invalid(_("The document is signed, but not by the one who gives the consent"), field="file")
    return f"{signed[0].name} · {signed[0].serial}"


def withdraw(session: Session, actor: Actor, consent_id: int, form: WithdrawalForm) -> Consent:
    """End a consent from now on; what was done under it stays."""
    row = queries.consent_or_404(session, consent_id, lock=True)
    _end(session, actor, row, clock.now(), actor.login, form.basis)
    return row


def _end(session: Session, actor: Actor | None, row: Consent, at: dt.datetime, by: str, basis: str) -> None:
    if not row.is_given or row.withdrawn_at is not None:
        raise Conflict(_("This consent does not hold any more"))
    row.withdrawn_at, row.withdrawn_by, row.withdrawal_basis = at, by, basis
    session.flush()
    _log(
        session,
        actor,
        "consent",
        row.id,
        row.patient_id,
        before={"withdrawn_at": None, "withdrawal_basis": None},
        after={"withdrawn_at": at, "withdrawal_basis": basis},
    )
    settle_research(session, row.patient_id)


def receive(session: Session, received: ReceivedConsent) -> bool:
    """Take in what the state's service says a person decided; False if it had said so before."""
    body = received.model_dump(mode="json")
    try:
        return inbox.take_in(session, SYSTEM, received.key, "consent", body, _take)
    except outbox.KeyTaken:
        raise Conflict(_("Other content has come under this key")) from None


def _take(session: Session, system: str, body: Mapping[str, Any]) -> None:
    received = ReceivedConsent.model_validate(dict(body))
    patient = live_by_iin(session, received.iin)
    organization = _by_bin(session, received.organization_bin)
    recipient = _by_bin(session, received.recipient_bin) if received.recipient_bin else None
    if patient is None or organization is None or (received.purpose == "record_view" and recipient is None):
        raise NotFound(_("The person or the organisation is not known here"))
    register_cabinet(session, None, patient.id, True)
    known = session.scalar(
        select(Consent).where(Consent.form == "egov", Consent.reference == received.reference).with_for_update()
    )
    if received.result == "withdrawn":
        if known is None:
            raise NotFound(_("There is no such consent"))
        _end(session, None, known, clock.now(), system, received.reference)
        return
    if known is not None:
        raise Conflict(_("This number is known already"))
    row = Consent(
        patient_id=patient.id,
        organization_id=organization.id,
        purpose=received.purpose,
        is_given=received.result == "given",
        scope=received.scope,
        recipient_id=recipient.id if recipient and received.purpose == "record_view" else None,
        form="egov",
        given_on=received.given_on,
        valid_until=received.valid_until,
        reference=received.reference,
        recorded_at=clock.now(),
        recorded_by=system,
    )
    session.add(row)
    session.flush()
    _log(session, None, "consent", row.id, patient.id, after=audit.snapshot(row))
    settle_research(session, patient.id)


def _by_bin(session: Session, number: str) -> Organization | None:
    return session.scalar(select(Organization).where(Organization.bin == number, Organization.kind == "organization"))


def settle_research(session: Session, patient_id: int) -> None:
    """Write to the record whether its data may go into a research release."""
    records = record_ids(session, standing_for(session, patient_id))
    holds = exists().where(Consent.patient_id.in_(records), Consent.purpose == "research", is_live())
    agreed = bool(session.scalar(select(holds)))
    session.execute(
        update(Patient)
        .where(Patient.id.in_(records), Patient.research_consent.is_not(agreed))
        .values(research_consent=agreed)
    )


def end_expired(session: Session) -> int:
    """Research consents that ran out close what they opened; how many people."""
    ran_out = list(
        session.scalars(
            select(Consent.patient_id)
            .join(Patient, Patient.id == Consent.patient_id)
            .where(
                Consent.purpose == "research",
                Consent.valid_until < clock.today(),
                Patient.research_consent,
            )
            .distinct()
        )
    )
    for patient_id in ran_out:
        settle_research(session, patient_id)
    return len(ran_out)


def register_cabinet(session: Session, actor: Actor | None, patient_id: int, is_registered: bool) -> None:
    """Note whether a person can be told through the eGov cabinet."""
    row = session.get(Cabinet, patient_id) or Cabinet(patient_id=patient_id, is_registered=False)
    session.add(row)
    if row.is_registered == is_registered:
        return
    before = {"is_registered": row.is_registered}
    row.is_registered, row.changed_at = is_registered, clock.now()
    row.changed_by = actor.login if actor else SYSTEM
    session.flush()
    _log(session, actor, "cabinet", patient_id, patient_id, before=before, after={"is_registered": is_registered})


def note_collection(session: Session, actor: Actor, patient_id: int, form: CollectionForm) -> CollectionNote:
    """Note from whom the data of a visit were collected."""
    encounter = session.get(Encounter, form.encounter_id)
    if encounter is None or encounter.patient_id not in record_ids(session, patient_id):
        raise Invalid(_("This is no visit of this person"), field="encounter_id")
    row = CollectionNote(patient_id=patient_id, noted_at=clock.now(), noted_by=actor.login, **form.model_dump())
    session.add(row)
    session.flush()
    _log(session, actor, "collection_note", row.id, patient_id, after=audit.snapshot(row))
    return row


def _log(
    session: Session,
    actor: Actor | None,
    what: str,
    number: int,
    patient_id: int,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any],
) -> None:
    entity = f"personal_data.{what}"
    audit.changed(session, actor, entity=entity, entity_id=number, patient_id=patient_id, before=before, after=after)
