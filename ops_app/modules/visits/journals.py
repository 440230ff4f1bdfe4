"""Visits of a day or a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.i18n import N_, _
from ops_app.kit.day_range import within_days
from ops_app.kit.privacy import Privacy
from ops_app.mechanisms.journal.declaration import Asked, ChoiceFilter, Choices, Column, DateFilter, Journal
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.organizations.models import Practitioner, PractitionerRole
from ops_app.modules.organizations.queries import practitioner_names, short_name
from ops_app.modules.patients.journal_columns import BIRTH_DATE, name_column
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.forms import CLASS_TITLES, PURPOSE_TITLES
from ops_app.modules.visits.models import Condition, Encounter
from ops_app.permissions import Permission


@dataclass(frozen=True, slots=True)
class _More:
    diagnoses: dict[int, str]
    doctors: dict[int, str]


def _visits(scope: Scope, asked: Asked) -> Select[Encounter, Patient]:
    statement: Select[Encounter, Patient] = (
        select(Encounter, Patient)
        .join(Patient, Patient.id == Encounter.patient_id)
        .where(
            scope.condition(Encounter.organization_id),
            Encounter.entered_in_error_at.is_(None),
            Encounter.encounter_class != "inpatient",
        )
    )
    statement = statement.where(*within_days(Encounter.event_at, asked.get("since"), asked.get("until")))
    if "class" in asked:
        statement = statement.where(Encounter.encounter_class == asked["class"])
    if "purpose" in asked:
        statement = statement.where(Encounter.purpose == asked["purpose"])
    if "doctor" in asked:
        statement = statement.where(Encounter.practitioner_id == int(asked["doctor"]))
    return statement


def _doctors(session: Session, actor: Actor, scope: Scope) -> Choices:
    rows = session.scalars(
        select(Practitioner)
        .where(
            Practitioner.id.in_(
                select(PractitionerRole.practitioner_id).where(scope.condition(PractitionerRole.organization_id))
            )
        )
        .order_by(Practitioner.sort_key, Practitioner.id)
    )
    return [(str(row.id), short_name(row.family_name, row.given_name, row.patronymic)) for row in rows]


def _look_up(session: Session, rows: Sequence[Any]) -> _More:
    found = session.execute(
        select(Condition.encounter_id, Condition.icd10)
        .where(
            Condition.encounter_id.in_([row.Encounter.id for row in rows]),
            Condition.icd10.is_not(None),
            Condition.entered_in_error_at.is_(None),
        )
        .order_by(Condition.type != "main", Condition.id)
    ).all()
    names = titles(session, [("icd10", row.icd10) for row in found])
    diagnoses: dict[int, list[str]] = defaultdict(list)
    for row in found:
        diagnoses[row.encounter_id].append(f"{row.icd10} {names.get(('icd10', row.icd10), '')}".strip())
    return _More(
        {visit: "; ".join(codes) for visit, codes in diagnoses.items()},
        practitioner_names(session, (row.Encounter.practitioner_id for row in rows)),
    )


JOURNALS = (
    Journal(
        name="visits",
        title=N_("Visits of a day"),
        about=N_("Visits recorded in your organisation, today unless you ask for other days."),
        permission=Permission.VISITS_RECORD_READ,
        query=_visits,
        columns=(
            Column(
                "at",
                N_("Time"),
                lambda row, more: row.Encounter.event_at,
                "moment",
                sort=Encounter.event_at,
                link=lambda row: ("visits:visit", {"encounter_id": row.Encounter.id}),
            ),
            name_column(N_("Patient"), lambda row: ("patients:card", {"patient_id": row.Patient.id})),
            BIRTH_DATE,
            Column(
                "iin", N_("IIN"), lambda row, more: row.Patient.iin or row.Patient.temporary_id, privacy=Privacy.DIRECT
            ),
            Column("class", N_("Where"), lambda row, more: _(CLASS_TITLES[row.Encounter.encounter_class])),
            Column("purpose", N_("Purpose"), lambda row, more: _(PURPOSE_TITLES[row.Encounter.purpose])),
            Column(
                "diagnoses",
                N_("Diagnoses"),
                lambda row, more: more.diagnoses.get(row.Encounter.id, ""),
                privacy=Privacy.SENSITIVE,
            ),
            Column("doctor", N_("Examined by"), lambda row, more: more.doctors.get(row.Encounter.practitioner_id, "")),
        ),
        default_sort=(Encounter.event_at.desc(), Encounter.id.desc()),
        person=lambda row: row.Patient.id,
        filters=(
            DateFilter("since", N_("From"), default=0),
            DateFilter("until", N_("To"), default=0),
            ChoiceFilter("class", N_("Where"), choices=tuple(CLASS_TITLES.items())[:4]),
            ChoiceFilter("purpose", N_("Purpose"), choices=tuple(PURPOSE_TITLES.items())),
            ChoiceFilter("doctor", N_("Examined by"), options=_doctors),
        ),
        empty=N_("A visit stands here as soon as it is recorded."),
        look_up=_look_up,
        order=10,
    ),
)
