"""What FHIR says of a person beside the passport part: contacts, addresses, documents, languages, relatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.kit.code_systems import OUR
from ops_app.modules.fhir.shapes import Resource, coding, known, listed, period
from ops_app.modules.fhir.systems import HL7
from ops_app.modules.fhir.words import Words
from ops_app.modules.patients.models import Patient
from ops_app.modules.person_facts.models import (
    Address,
    Contact,
    IdentityDocument,
    PersonFact,
    Relative,
    SpokenLanguage,
)
from ops_app.modules.personal_data.models import Representative

Fact = TypeVar("Fact", bound=PersonFact)

_TELECOM_USES = {"mobile": "mobile", "home": "home", "work": "work"}
_ADDRESS_USES = {"registered": "home", "living": "home", "temporary": "temp", "former": "old"}
_ROLES = {
    "mother": "MTH",
    "father": "FTH",
    "child": "CHILD",
    "spouse": "SPS",
    "sibling": "SIB",
    "grandparent": "GRPRN",
    "grandchild": "GRNDCHILD",
    "guardian": "GUARD",
    "parent": "PRN",
    "attorney": "POWATT",
}
_LANGUAGES = {"sign": "sgn"}


@dataclass(frozen=True)
class Noted:
    """Facts about several people, by person."""

    contacts: Mapping[int, Sequence[Contact]] = field(default_factory=dict)
    addresses: Mapping[int, Sequence[Address]] = field(default_factory=dict)
    documents: Mapping[int, Sequence[IdentityDocument]] = field(default_factory=dict)
    languages: Mapping[int, Sequence[SpokenLanguage]] = field(default_factory=dict)
    representatives: Mapping[int, Sequence[Representative]] = field(default_factory=dict)


def noted_about(session: Session, patient_ids: Sequence[int]) -> Noted:
    """Load what stands beside the passport part."""

    speakers: dict[int, list[Representative]] = {}
    for row in session.scalars(
        select(Representative).where(Representative.patient_id.in_(patient_ids)).order_by(Representative.id)
    ):
        speakers.setdefault(row.patient_id, []).append(row)
    return Noted(
        _by_person(session, Contact, patient_ids),
        _by_person(session, Address, patient_ids),
        _by_person(session, IdentityDocument, patient_ids),
        _by_person(session, SpokenLanguage, patient_ids),
        speakers,
    )


def _by_person(session: Session, table: type[Fact], patient_ids: Sequence[int]) -> dict[int, list[Fact]]:
    rows = session.scalars(
        select(table)
        .where(table.patient_id.in_(patient_ids), table.entered_in_error_at.is_(None))
        .order_by(table.start_date.desc().nulls_last(), table.id.desc())
    )
    found: dict[int, list[Fact]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(row)
    return found


def telecom(row: Patient, noted: Noted) -> list[Resource]:
    """The telephone of the passport part and the contacts noted."""
    found = [{"system": "phone", "value": row.phone}] if row.phone else []
    for each in noted.contacts.get(row.id, ()):
        found.append(
            known(
                {
                    "system": "email" if each.kind == "email" else "phone",
                    "value": each.value,
                    "use": _TELECOM_USES.get(each.kind),
                    "rank": 1 if each.is_preferred else None,
                    "period": period(each.start_date, each.end_date),
                }
            )
        )
    return found


def addresses(row: Patient, noted: Noted) -> list[Resource]:
    """The address of the passport part and the addresses noted; the place is its KATO code."""
    main = known({"use": "home", "text": row.address_line, "district": row.kato_code})
    found = [main] if row.address_line or row.kato_code else []
    for each in noted.addresses.get(row.id, ()):
        found.append(
            known(
                {
                    "use": _ADDRESS_USES[each.use],
                    "text": each.line,
                    "district": each.kato_code,
                    "period": period(each.start_date, each.end_date),
                }
            )
        )
    return found


def documents(row: Patient, noted: Noted) -> list[Resource]:
    """Identity documents as identifiers."""
    return [
        known(
            {
                "system": f"{OUR}:document:{each.type}",
                "value": each.number,
                "period": period(each.start_date, each.end_date),
                "assigner": known({"display": each.issuer}),
            }
        )
        for each in noted.documents.get(row.id, ())
    ]


def communication(row: Patient, noted: Noted) -> list[Resource]:
    """The languages noted; the newest is preferred."""
    found: list[Resource] = []
    for each in noted.languages.get(row.id, ()):
        if each.end_date is not None or each.language == "other":
            continue
        code = coding("urn:ietf:bcp:47", _LANGUAGES.get(each.language, each.language))
        found.append(known({"language": {"coding": [code]}, "preferred": not found}))
    return found


def contacts(row: Patient, noted: Noted) -> list[Resource]:
    """Who speaks for the person, with the term of the basis."""
    return [
        known(
            {
                "relationship": listed(_role(each.relation)),
                "name": {"text": each.name},
                "period": period(each.valid_from, each.valid_until),
            }
        )
        for each in noted.representatives.get(row.id, ())
    ]


def related_person(row: Relative, words: Words) -> Resource:
    """A member of the family; a registered one is named by the identifier of that record alone."""
    return known(
        {
            "resourceType": "RelatedPerson",
            "active": row.end_date is None and row.entered_in_error_at is None,
            "identifier": [{"system": f"{OUR}:patient", "value": str(row.relative_id)}] if row.relative_id else [],
            "patient": {"reference": f"Patient/{row.patient_id}"},
            "relationship": listed(_role(row.relation)),
            "name": [{"text": row.name}] if row.name else [],
            "telecom": [{"system": "phone", "value": row.phone}] if row.phone else [],
            "period": period(row.start_date, row.end_date),
        }
    )


def _role(relation: str) -> Resource:
    code = _ROLES.get(relation)
    ours = {"system": f"{OUR}:relation", "code": relation}
    return {"coding": [{"system": f"{HL7}/v3-RoleCode", "code": code}, ours] if code else [ours]}
