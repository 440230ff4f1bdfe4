"""Whom a message speaks of: found by IIN or by the sender's own number, never by a name."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ingestion.hl7.sender import Incoming
from ingestion.outcome import NotInterpreted
from ops_app.mechanisms.device_messages.hl7 import Segment
from ops_app.mechanisms.device_messages.hl7_structure import DATA_TYPE, REQUIRED
from ops_app.mechanisms.device_messages.hl7_values import Name, day, name, sex
from ops_app.modules.ingest.models import PersonIdentifier
from ops_app.modules.patients import iin as iin_rules
from ops_app.modules.patients import queries, service
from ops_app.modules.patients.forms import RegistrationForm
from ops_app.modules.patients.models import Patient

_WORD = re.compile(r"[^\W\d_]+")
UNKNOWN = "204"
"""Unknown key identifier, HL7 table 0357."""


@dataclass(frozen=True, slots=True)
class Named:
    """A person as a PID segment describes them."""

    iin: str | None
    numbers: tuple[tuple[str, str], ...]
    """(assigning authority, number) by which the sender knows them."""
    name: Name
    birth_date: dt.date | None
    sex: str | None


def described(incoming: Incoming, person: Segment) -> Named:
    """What a PID says."""
    iin, numbers = _identifiers(incoming, person, (3, 2, 4))
    written = person.text(7)
    birth_date = day(written)
    if written and birth_date is None and len(written) >= 8:
        raise NotInterpreted("The birth date is not a date", segment="PID", field=7, code=DATA_TYPE)
    return Named(iin, numbers, name(person.value(5)), birth_date, sex(person.text(8)))


def replaced(incoming: Incoming, prior: Segment) -> Named:
    """What an MRG says of the record that is replaced."""
    iin, numbers = _identifiers(incoming, prior, (1,))
    return Named(iin, numbers, name(prior.value(7)), None, None)


def _identifiers(
    incoming: Incoming, segment: Segment, fields: tuple[int, ...]
) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    profile, iin, numbers = incoming.profile, None, []
    for field in fields:
        for value in segment.repetitions(field):
            number, authority, kind = value.text(1), value.text(4), value.text(5)
            if not number:
                continue
            is_iin = isinstance(iin_rules.read(number), iin_rules.IinFacts)
            if {authority, kind} & set(profile.iin_authorities) or (is_iin and not authority):
                if not is_iin:
                    raise NotInterpreted(
                        "The number given as an IIN is not one", segment=segment.name, field=field, code=DATA_TYPE
                    )
                iin = number
            else:
                numbers.append((authority or profile.authority or incoming.row.sender, number))
        # older senders repeat the same number in PID-2 and PID-4; 12 digits that obey the rule are an IIN
        if numbers or iin:
            break
    return iin, tuple(dict.fromkeys(numbers))


def find(session: Session, named: Named, field: str = "PID") -> Patient | None:
    """The live record of a person, the one that stands for it where it was merged."""
    by_iin = queries.live_by_iin(session, named.iin) if named.iin else None
    known = set()
    for authority, value in named.numbers:
        patient_id = session.scalar(
            select(PersonIdentifier.patient_id).where(
                PersonIdentifier.authority == authority, PersonIdentifier.value == value
            )
        )
        if patient_id is not None:
            known.add(queries.standing_for(session, patient_id))
    if by_iin is not None:
        known.add(by_iin.id)
    if len(known) > 1:
        raise NotInterpreted(
            "Its identifiers belong to different people", segment=field, field=3 if field == "PID" else 1, code=UNKNOWN
        )
    patient = session.get(Patient, known.pop()) if known else None
    if patient is not None and named.iin and patient.iin and patient.iin != named.iin:
        raise NotInterpreted("The number of the sender belongs to a person with another IIN", segment=field, field=3)
    if patient is not None and named.birth_date and patient.birth_date != named.birth_date and not by_iin:
        raise NotInterpreted(
            "The number of the sender belongs to a person with another birth date", segment=field, field=7
        )
    return patient


def found_or_refused(incoming: Incoming, person: Segment) -> Patient:
    """The person of a message that must not register anybody."""
    named = described(incoming, person)
    patient = find(incoming.session, named)
    if patient is None:
        raise NotInterpreted(
            "No registered person has these identifiers",
            segment="PID",
            field=3,
            code=UNKNOWN if named.iin or named.numbers else REQUIRED,
        )
    remember(incoming, named, patient)
    return patient


def found_or_registered(incoming: Incoming, person: Segment) -> tuple[Patient, bool]:
    """The person of a message, registered as its sender describes them if nobody knows them yet."""
    named = described(incoming, person)
    patient = find(incoming.session, named)
    is_new = patient is None
    if patient is None:
        patient = _register(incoming, named)
    remember(incoming, named, patient)
    return patient, is_new


def _register(incoming: Incoming, named: Named) -> Patient:
    if not incoming.profile.registers_people or not (named.iin or named.numbers):
        raise NotInterpreted("No registered person has these identifiers", segment="PID", field=3, code=UNKNOWN)
    if not (named.name.family and named.name.given):
        raise NotInterpreted("A person cannot be registered without names", segment="PID", field=5, code=REQUIRED)
    if named.birth_date is None and not named.iin:
        raise NotInterpreted(
            "A person cannot be registered without a birth date", segment="PID", field=7, code=REQUIRED
        )
    if named.iin and (problem := iin_rules.problem(named.iin, named.birth_date, named.sex)):
        raise NotInterpreted(
            "The IIN does not agree with the birth date or the sex",
            segment="PID",
            field=8 if problem is iin_rules.IinProblem.SEX else 7,
            code=DATA_TYPE,
        )
    data = RegistrationForm(
        kind="confirmed" if named.iin else "undocumented",
        iin=named.iin,
        family_name=_letters(named.name.family, 1),
        given_name=_letters(named.name.given, 2),
        patronymic=_letters(named.name.patronymic, 3) if named.name.patronymic else None,
        birth_date=named.birth_date,
        sex=named.sex or ("unknown" if not named.iin else None),
        relation="served",
        organization_id=incoming.organization.id,
        # a name alone never makes two records one: who looks alike is on the list of doubles
        is_another_person=True,
    )
    return service.register(incoming.session, incoming.actor, data)


def _letters(part: str, component: int) -> str:
    """A part of a name as the register takes it."""
    # senders append digits and marks ("Test2.1"): what is left between letters is at most one sign that names have
    whole = unicodedata.normalize("NFC", part)
    cleaned, end = "", 0
    for word in _WORD.finditer(whole):
        between = whole[end : word.start()].strip()
        cleaned += (between if len(between) == 1 and between in "'’`.-" else " ") * bool(cleaned) + word.group()
        end = word.end()
    cleaned += "." * (bool(cleaned) and whole[end:].strip() == ".")
    if not cleaned or len(cleaned) > 80:
        raise NotInterpreted("This is not a name", segment="PID", field=5, component=component, code=DATA_TYPE)
    return cleaned


def remember(incoming: Incoming, named: Named, patient: Patient) -> None:
    """Keep under which numbers the sender knows this person."""
    for authority, value in named.numbers:
        incoming.session.execute(
            insert(PersonIdentifier)
            .values(authority=authority, value=value, patient_id=patient.id, message_id=incoming.row.id)
            .on_conflict_do_nothing(index_elements=[PersonIdentifier.authority, PersonIdentifier.value])
        )
