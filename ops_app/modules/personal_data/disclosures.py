"""Writes of the register of disclosures: by hand, by the export, by the FHIR API, by messages to other systems."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.accounts.queries import home_organization
from ops_app.modules.patients.queries import record_ids, standing_for
from ops_app.modules.personal_data.access import is_live
from ops_app.modules.personal_data.declarations import exceptions
from ops_app.modules.personal_data.forms import DisclosureForm
from ops_app.modules.personal_data.models import Consent, Disclosure

CONSENT_PURPOSES = ("processing", "record_view", "research", "teaching")
"""Consents under which data may be given to somebody outside."""


def record(
    session: Session, actor: Actor, patient_id: int, organization_id: int | None, form: DisclosureForm
) -> Disclosure:
    """Register that data were given; without consent only by an exception of the law, named by its code."""
    if form.given_on > clock.today():
        raise Invalid(_("This day has not come yet"), field="given_on")
    if (form.basis == "exception") != (form.exception is not None):
        raise Invalid(_("Without consent the exception of the law is named; otherwise none"), field="exception")
    if form.exception is not None and form.exception not in exceptions():
        raise Invalid(_("Choose one of the listed values"), field="exception")
    if form.exception is not None and not form.document:
        raise Invalid(_("Write number and date of the inquiry"), field="document")
    if (form.basis == "consent") != (form.consent_id is not None):
        raise Invalid(_("Choose the consent under which the data are given; otherwise none"), field="consent_id")
    if form.consent_id is not None:
        _check_consent(session, patient_id, form.consent_id)
    return _write(session, actor, patient_id, organization_id, "register", form)


def _check_consent(session: Session, patient_id: int, consent_id: int) -> None:
    records = record_ids(session, standing_for(session, patient_id))
    holds = exists().where(
        Consent.id == consent_id,
        Consent.patient_id.in_(records),
        Consent.purpose.in_(CONSENT_PURPOSES),
        is_live(),
    )
    if not session.scalar(select(holds)):
        raise Invalid(_("This consent does not hold, or was given for something else"), field="consent_id")


def exported(
    session: Session, actor: Actor, patient_id: int, organization_id: int | None, form: DisclosureForm, sha256: str
) -> Disclosure:
    """Register an export of a person's data with the hash of its index."""
    if form.exception is not None and form.exception not in exceptions():
        raise Invalid(_("Choose one of the listed values"), field="exception")
    return _write(session, actor, patient_id, organization_id, "export", form, sha256)


def transferred(
    session: Session, actor: Actor, patient_id: int, organization_id: int, form: DisclosureForm, sha256: str
) -> Disclosure:
    """Register that a message about a person was queued to another system."""
    return _write(session, actor, patient_id, organization_id, "outbox", form, sha256)


def _write(
    session: Session,
    actor: Actor,
    patient_id: int,
    organization_id: int | None,
    origin: str,
    form: DisclosureForm,
    sha256: str | None = None,
) -> Disclosure:
    row = Disclosure(
        patient_id=patient_id,
        organization_id=organization_id,
        origin=origin,
        sha256=sha256,
        recorded_at=clock.now(),
        recorded_by=actor.login,
        **form.model_dump(),
    )
    session.add(row)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="personal_data.disclosure",
        entity_id=row.id,
        patient_id=patient_id,
        after=audit.snapshot(row),
    )
    return row


def read_by_program(session: Session, actor: Actor, patient_id: int, rule: str) -> None:
    """Register that a program read a person through the API: one row a person, program and day, with a count."""
    home = home_organization(session, actor)
    written = insert(Disclosure).values(
        patient_id=patient_id,
        organization_id=home.id if home else None,
        recipient=actor.display_name,
        purpose=rule,
        what="FHIR",
        basis="care",
        origin="fhir",
        given_on=clock.today(),
        recorded_at=clock.now(),
        recorded_by=actor.login,
    )
    session.execute(
        written.on_conflict_do_update(
            index_elements=["patient_id", "recorded_by", "given_on"],
            index_where=Disclosure.origin == "fhir",
            set_={"times": Disclosure.times + 1},
        )
    )
