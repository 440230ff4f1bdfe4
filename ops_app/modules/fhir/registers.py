"""People, staff and places as FHIR R4 resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ops_app.kit.code_systems import OUR
from ops_app.modules.deaths.models import Death
from ops_app.modules.fhir import people
from ops_app.modules.fhir.shapes import Resource, extensions, known, listed, moment, ours, period, reference
from ops_app.modules.fhir.systems import BIN, IIN, TEMPORARY_ID
from ops_app.modules.fhir.words import Words
from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole
from ops_app.modules.patients.models import Attachment, Patient

_GENDERS = {"male": "male", "female": "female", "other": "other", "unknown": "unknown"}


@dataclass(frozen=True)
class Around:
    """What stands in other tables about several people."""

    attachments: Mapping[int, Attachment] = field(default_factory=dict)
    deaths: Mapping[int, Death] = field(default_factory=dict)
    replaces: Mapping[int, Sequence[int]] = field(default_factory=dict)
    replaced_by: Mapping[int, int] = field(default_factory=dict)
    noted: people.Noted = field(default_factory=people.Noted)


def human_name(family: str, given: str, patronymic: str | None) -> list[Resource]:
    """The patronymic is the second given name, as HL7 maps it for countries that have one."""
    whole = " ".join(filter(None, (family, given, patronymic)))
    return [{"use": "official", "text": whole, "family": family, "given": [n for n in (given, patronymic) if n]}]


def patient(row: Patient, words: Words, around: Around) -> Resource:
    """A person; the record a merge hid points to the one that stands for it, and back."""
    attached = around.attachments.get(row.id)
    death = around.deaths.get(row.id)
    links = [
        {"other": {"reference": f"Patient/{other}"}, "type": "replaces"} for other in around.replaces.get(row.id, ())
    ]
    if row.id in around.replaced_by:
        links.append({"other": {"reference": f"Patient/{around.replaced_by[row.id]}"}, "type": "replaced-by"})
    return known(
        {
            "resourceType": "Patient",
            "identifier": [
                {"system": system, "value": value}
                for system, value in ((IIN, row.iin), (TEMPORARY_ID, row.temporary_id))
                if value
            ]
            + (
                [{"system": f"{OUR}:document:{row.document_type or 'other'}", "value": row.document_number}]
                if row.document_number
                else []
            )
            + people.documents(row, around.noted),
            "active": row.is_live and row.entered_in_error_at is None,
            "name": human_name(row.family_name, row.given_name, row.patronymic),
            "telecom": people.telecom(row, around.noted),
            "gender": _GENDERS[row.sex],
            "birthDate": row.birth_date.isoformat(),
            "deceasedDateTime": moment(death.event_at) if death else None,
            "address": people.addresses(row, around.noted),
            "contact": people.contacts(row, around.noted),
            "communication": people.communication(row, around.noted),
            "managingOrganization": words.organization(attached.organization_id) if attached else None,
            "link": links,
            "extension": extensions(
                identity_status=row.identity_status,
                citizenship=row.citizenship,
                site=attached.site_id if attached else None,
                entered_in_error=True if row.entered_in_error_at else None,
            ),
        }
    )


def _link(patient_id: int, kind: str) -> Resource:
    return {"other": {"reference": f"Patient/{patient_id}"}, "type": kind}


def practitioner(row: Practitioner, words: Words) -> Resource:
    """A member of staff; the personal number stays inside."""
    return known(
        {
            "resourceType": "Practitioner",
            "identifier": [{"system": f"{OUR}:practitioner", "value": str(row.id)}],
            "name": human_name(row.family_name, row.given_name, row.patronymic),
            "gender": _GENDERS.get(row.sex or ""),
        }
    )


def practitioner_role(row: PractitionerRole, words: Words) -> Resource:
    """A position held."""
    return known(
        {
            "resourceType": "PractitionerRole",
            "period": period(row.start_date, row.end_date),
            "practitioner": words.practitioner(row.practitioner_id),
            "organization": words.organization(row.organization_id),
            "code": listed(ours("position", row.position)),
            "extension": extensions(site=row.site_id),
        }
    )


def organization(row: Organization, words: Words) -> Resource:
    """A node of the tree."""
    names = {"kk": row.name_kk, "ru": row.name_ru, "en": row.name_en}
    return known(
        {
            "resourceType": "Organization",
            "identifier": [{"system": BIN, "value": row.bin}] if row.bin else [],
            "active": row.is_active,
            "type": listed(
                ours("organization-kind", row.kind),
                ours("organization-type", row.organization_type),
                ours("site-kind", row.site_kind),
            ),
            "name": row.name_kk,
            "alias": sorted({name for name in names.values() if name and name != row.name_kk}),
            "partOf": reference("Organization", row.parent_id, words.places.get(row.parent_id or 0)),
            "extension": extensions(kato=row.kato_code, care_level=row.care_level),
        }
    )
