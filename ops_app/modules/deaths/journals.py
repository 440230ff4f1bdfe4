"""The register of deaths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.i18n import N_, _
from ops_app.kit.day_range import within_days
from ops_app.kit.privacy import Privacy
from ops_app.mechanisms.closed_topics.veil import is_masked
from ops_app.mechanisms.journal.declaration import Asked, ChoiceFilter, Column, DateFilter, Journal
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.deaths import queries
from ops_app.modules.deaths.forms import PLACE_TITLES
from ops_app.modules.deaths.models import Death
from ops_app.modules.patients.journal_columns import BIRTH_DATE
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Permission


@dataclass(frozen=True, slots=True)
class _More:
    codes: dict[tuple[str, str], str]
    reviewed: set[int]
    masked: frozenset[str | None]


def _deaths(scope: Scope, asked: Asked) -> Select[Death, Patient]:
    statement: Select[Death, Patient] = (
        select(Death, Patient)
        .join(Patient, Patient.id == Death.patient_id)
        .where(scope.condition(Death.organization_id), Death.entered_in_error_at.is_(None))
    )
    statement = statement.where(*within_days(Death.known_at, asked.get("since"), asked.get("until")))
    return statement.where(Death.place == asked["place"]) if "place" in asked else statement


def _look_up(session: Session, rows: Sequence[Any]) -> _More:
    return _More(
        titles(session, [("icd10", row.Death.cause_icd10) for row in rows]),
        queries.reviewed(session, [row.Death.patient_id for row in rows]),
        frozenset(row.Death.cause_icd10 for row in rows if is_masked(session, row.Death.cause_icd10)),
    )


def _cause(row: Any, more: _More) -> str:
    code = row.Death.cause_icd10
    if code in more.masked:
        return _("not shown to you")
    return f"{code} {more.codes.get(('icd10', code), '')}".strip() if code else ""


JOURNALS = (
    Journal(
        name="deaths",
        title=N_("Deaths"),
        about=N_("Deaths by the day on which they became known here."),
        permission=Permission.DEATHS_RECORD_READ,
        query=_deaths,
        columns=(
            Column(
                "name",
                N_("Name"),
                lambda row, more: f"{row.Patient.family_name} {row.Patient.given_name}",
                privacy=Privacy.DIRECT,
                sort=Patient.sort_key,
                link=lambda row: ("deaths:death", {"death_id": row.Death.id}),
            ),
            BIRTH_DATE,
            Column("died", N_("Died"), lambda row, more: row.Death.event_at, "date", sort=Death.event_at),
            Column("place", N_("Where"), lambda row, more: _(PLACE_TITLES[row.Death.place])),
            Column("cause", N_("Cause of death"), _cause, privacy=Privacy.SENSITIVE, sort=Death.cause_icd10),
            Column(
                "known", N_("Became known here on"), lambda row, more: row.Death.known_at, "date", sort=Death.known_at
            ),
            Column(
                "review",
                N_("Review"),
                lambda row, more: _("done") if row.Death.patient_id in more.reviewed else "",
            ),
        ),
        default_sort=(Death.known_at.desc(), Death.id.desc()),
        person=lambda row: row.Patient.id,
        filters=(
            DateFilter("since", N_("From"), default=-90),
            DateFilter("until", N_("To")),
            ChoiceFilter("place", N_("Where"), choices=tuple(PLACE_TITLES.items())),
        ),
        empty=N_("A death stands here as soon as it is registered."),
        look_up=_look_up,
        order=40,
    ),
)
