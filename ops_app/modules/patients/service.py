"""Registering people, correcting their passport part, attaching them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.spelling import fold, sort_key
from ops_app.modules.organizations.queries import workplace
from ops_app.modules.patients import iin as iin_rules
from ops_app.modules.patients import queries
from ops_app.modules.patients.attachment import attach, serve
from ops_app.modules.patients.duplicates import Double, doubles_of, entered
from ops_app.modules.patients.forms import EditForm, NewbornForm, PersonForm, RegistrationForm
from ops_app.modules.patients.identifiers import explain, field_of, newborn_id, temporary_id
from ops_app.modules.patients.models import AccessGrant, Patient
from ops_app.modules.patients.name_index import index_names
from ops_app.modules.patients.names import tokens_of
from ops_app.modules.visits.models import Encounter
from ops_app.permissions import Permission

STATED_REASON_HOURS = 8
"""A stated reason opens a card for one shift."""


class AlreadyRegistered(Conflict):
    """The number belongs to a live record."""

    def __init__(self, patient_id: int):
        super().__init__(
            _("A person with this IIN is already registered"),
            advice=_("Open the existing card; if it is another person, check the number."),
            field="iin",
        )
        self.patient_id = patient_id


class SimilarPeople(Conflict):
    """Somebody registered looks like the same person; the registrar decides."""

    def __init__(self, people: list[Double]):
        super().__init__(
            _("Similar people are already registered: open one of them, or tick that this is another person"),
            advice=_("Look at the list. If none of them is this person, tick the box and register again."),
            field="is_another_person",
        )
        self.people = people


class ChangedMeanwhile(Conflict):
    """Somebody saved the record while it was being edited."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody changed this record while you were editing it"),
            advice=_("Beside each field that differs stands what is stored now. Save again to replace it."),
        )


@dataclass(frozen=True)
class _Passport:
    """What is known about a person after the rules have been applied."""

    iin: str | None
    family_name: str
    given_name: str
    patronymic: str | None
    birth_date: dt.date
    sex: str
    mother: Patient | None


def _passport(session: Session, data: PersonForm) -> _Passport:
    mother = _mother(session, data)
    birth_date: dt.date | None = data.birth_date
    sex: str | None = data.sex
    if data.iin:
        problem = iin_rules.problem(data.iin, birth_date, sex)
        if problem:
            raise Invalid(explain(problem), field=field_of(problem))
        facts = iin_rules.read(data.iin)
        if isinstance(facts, iin_rules.IinFacts):
            birth_date, sex = birth_date or facts.birth_date, sex or _known_sex(facts.sex)
    elif data.kind == "confirmed":
        raise Invalid(_("Enter the IIN, or choose why there is none"), field="iin")
    family_name = data.family_name or (mother.family_name if mother else None)
    given_name = data.given_name
    if data.kind in ("undocumented", "newborn"):
        # Care starts before the name is known; the registrar completes it later.
        family_name = family_name or _("Unknown")
        given_name = given_name or (_("Baby") if data.kind == "newborn" else _("Unknown"))
        sex = sex or "unknown"
    if not family_name:
        raise Invalid(_("Enter the family name"), field="family_name")
    if not given_name:
        raise Invalid(_("Enter the given name"), field="given_name")
    if birth_date is None:
        raise Invalid(_("Enter the birth date; if it is not known, the year by appearance"), field="birth_date")
    if not dt.date(1880, 1, 1) <= birth_date <= clock.today():
        raise Invalid(_("The birth date lies in the future or too far in the past"), field="birth_date")
    if sex is None:
        raise Invalid(_("Choose the sex"), field="sex")
    return _Passport(data.iin, family_name, given_name, data.patronymic, birth_date, sex, mother)


def _known_sex(sex: str | None) -> str | None:
    return sex if sex in ("male", "female") else None


def _mother(session: Session, data: PersonForm) -> Patient | None:
    if data.kind != "newborn":
        return None
    if not data.mother:
        raise Invalid(_("Enter the IIN or temporary identifier of the mother"), field="mother")
    mother = queries.live_by_identifier(session, data.mother)
    if mother is None:
        raise Invalid(_("No registered person has this identifier. Register the mother first."), field="mother")
    if mother.sex == "male":
        raise Invalid(_("This identifier belongs to a man"), field="mother")
    return mother


def register(session: Session, actor: Actor, data: RegistrationForm) -> Patient:
    """Register a person: number checked, duplicates refused or shown, attached or served at once."""
    passport = _passport(session, data)
    if passport.iin:
        existing = queries.live_by_iin(session, passport.iin)
        if existing is not None:
            raise AlreadyRegistered(existing.id)
    if not data.is_another_person and data.kind != "newborn":
        typed = entered(
            passport.family_name,
            passport.given_name,
            passport.patronymic,
            passport.birth_date,
            passport.sex,
            iin=passport.iin,
            phone=data.phone,
            document_number=data.document_number,
        )
        similar = doubles_of(session, typed)
        if similar:
            raise SimilarPeople(similar)
    if data.organization_id is None:
        raise Invalid(_("Choose the organisation that looks after the person"), field="organization_id")
    patient = Patient(
        iin=passport.iin,
        temporary_id=None if passport.iin else _new_identifier(session, data, passport),
        identity_status=data.kind,
        mother_id=passport.mother.id if passport.mother else None,
        household=passport.mother.household if passport.mother else None,
        recorded_by=actor.login,
    )
    _fill(patient, data, passport)
    if passport.mother and not data.address_line:
        patient.address_line, patient.kato_code = passport.mother.address_line, passport.mother.kato_code
        patient.phone = patient.phone or passport.mother.phone
    _store(session, patient)
    audit.changed(
        session,
        actor,
        entity="patients.patient",
        entity_id=patient.id,
        patient_id=patient.id,
        after=audit.snapshot(patient),
    )
    look_after = attach if data.relation == "attached" else serve
    look_after(session, actor, patient.id, data.organization_id, data.site_id, clock.today())
    return patient


def register_newborn(session: Session, actor: Actor, mother_id: int, data: NewbornForm) -> Patient:
    """Register a child by its mother's data: family name, address, phone and place of care are hers."""
    mother = _locked(session, mother_id)
    records = queries.record_ids(session, mother_id)
    if mother.sex == "male" or not mother.is_live:
        raise Conflict(_("A child is registered from the card of its mother"))
    born_then = queries.children(session, records, data.birth_date)
    if born_then and not data.is_another_child:
        raise Invalid(
            _("A child of this mother with this birth date is registered already. Tick the box if it is another one."),
            field="is_another_child",
        )
    attached = queries.current_attachment(session, records)
    served = queries.current_serving_site(session, records)
    mine = actor.scope(Permission.PATIENTS_IDENTITY_WRITE)
    here = workplace(session, actor)
    place: int | None
    site: int | None
    if attached is not None and mine.allows(attached.organization_id):
        relation, place, site = "attached", attached.organization_id, attached.site_id
    elif served is not None and mine.allows(served.organization_id):
        relation, place, site = "served", served.organization_id, served.site_id
    else:
        # born away from home: cared for here, attached where the parents decide
        relation, place, site = "served", here.organization.id if here else None, None
    form = RegistrationForm.model_validate(
        data.model_dump(exclude={"is_another_child"})
        | {
            "kind": "newborn",
            "mother": mother.iin or mother.temporary_id,
            "citizenship": mother.citizenship,
            "relation": relation,
            "organization_id": place,
            "site_id": site,
        }
    )
    return register(session, actor, form)


def _new_identifier(session: Session, data: RegistrationForm, passport: _Passport) -> str:
    if data.kind == "newborn" and passport.mother is not None:
        before = session.scalar(
            select(func.count())
            .select_from(Patient)
            .where(Patient.mother_id == passport.mother.id, Patient.birth_date == passport.birth_date)
        )
        return newborn_id(passport.mother, passport.birth_date, (before or 0) + 1)
    return temporary_id()


def _fill(patient: Patient, data: PersonForm, passport: _Passport) -> None:
    patient.family_name, patient.given_name = passport.family_name, passport.given_name
    patient.patronymic = passport.patronymic
    patient.family_fold, patient.given_fold = fold(passport.family_name), fold(passport.given_name)
    patient.patronymic_fold = fold(passport.patronymic) if passport.patronymic else None
    patient.sort_key = sort_key(
        " ".join(filter(None, (passport.family_name, passport.given_name, passport.patronymic)))
    )
    patient.sex, patient.birth_date = passport.sex, passport.birth_date
    patient.phone, patient.address_line, patient.kato_code = data.phone, data.address_line, data.kato_code
    patient.citizenship = data.citizenship
    patient.document_type, patient.document_number = data.document_type, data.document_number


def _store(session: Session, patient: Patient) -> None:
    try:
        with session.begin_nested():
            session.add(patient)
            session.flush()
    except IntegrityError as refused:
        # Two registrars at once: the index decides, the second one gets the first one's card.
        existing = queries.live_by_iin(session, patient.iin) if patient.iin else None
        if existing is None:
            raise
        raise AlreadyRegistered(existing.id) from refused
    names = tokens_of((patient.family_name, patient.given_name, patient.patronymic))
    index_names(session.connection(), names)


def edit(session: Session, actor: Actor, patient_id: int, data: EditForm) -> Patient:
    """Correct the passport part, unless somebody else saved it meanwhile."""
    patient = _locked(session, patient_id)
    if patient.row_xid != data.version:
        raise ChangedMeanwhile
    passport = _passport(session, data)
    if passport.iin:
        existing = queries.live_by_iin(session, passport.iin)
        if existing is not None and existing.id != patient.id:
            raise AlreadyRegistered(existing.id)
    before = audit.snapshot(patient)
    patient.iin = passport.iin
    if passport.iin is None and patient.temporary_id is None:
        patient.temporary_id = temporary_id()
    patient.identity_status = data.kind
    if passport.mother is not None:
        patient.mother_id = passport.mother.id
    _fill(patient, data, passport)
    _store(session, patient)
    session.refresh(patient)
    audit.changed(
        session,
        actor,
        entity="patients.patient",
        entity_id=patient.id,
        patient_id=patient.id,
        before=before,
        after=audit.snapshot(patient),
    )
    return patient


def _locked(session: Session, patient_id: int) -> Patient:
    patient = session.scalar(
        select(Patient).where(Patient.id == patient_id).with_for_update().execution_options(populate_existing=True)
    )
    return patient or queries.patient_or_404(session, patient_id)


def mark_patient_in_error(session: Session, actor: Actor, patient_id: int, reason: str) -> None:
    """Take a record out of use that was never a person; one with visits must be merged instead."""
    patient = _locked(session, patient_id)
    if patient.entered_in_error_at is not None:
        raise Conflict(_("The record is already marked as an error"))
    visits = select(Encounter.id).where(Encounter.patient_id == patient_id, Encounter.entered_in_error_at.is_(None))
    if session.scalar(visits.limit(1)) is not None:
        raise Conflict(
            _("This record has visits"),
            advice=_("If it is the second record of one person, link the two records instead."),
        )
    before = audit.snapshot(patient)
    patient.entered_in_error_at = clock.now()
    patient.entered_in_error_by, patient.entered_in_error_reason = actor.login, reason
    session.flush()
    audit.changed(
        session,
        actor,
        entity="patients.patient",
        entity_id=patient.id,
        patient_id=patient.id,
        before=before,
        after=audit.snapshot(patient),
    )


def state_reason(
    session: Session, actor: Actor, patient_id: int, reason: str, *, opens_closed: bool = False
) -> AccessGrant:
    """Open a card outside the usual rules, or its closed topics, for one shift; a reviewer will read the reason."""
    queries.patient_or_404(session, patient_id)
    granted_at = clock.now()
    grant = AccessGrant(
        patient_id=patient_id,
        granted_to=actor.login,
        reason=reason,
        granted_at=granted_at,
        expires_at=granted_at + dt.timedelta(hours=STATED_REASON_HOURS),
        opens_closed=opens_closed,
    )
    session.add(grant)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="patients.access_grant",
        entity_id=grant.id,
        patient_id=patient_id,
        after={"reason": reason, "expires_at": grant.expires_at, "opens_closed": opens_closed},
        rule="stated_reason",
    )
    return grant
