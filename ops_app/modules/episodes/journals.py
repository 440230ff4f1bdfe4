"""Pregnant women on the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.i18n import N_, _
from ops_app.kit import clock
from ops_app.kit.privacy import Privacy
from ops_app.mechanisms.journal.declaration import Asked, ChoiceFilter, Choices, Column, Journal
from ops_app.modules.episodes.forms import OUTCOMES, RISK_LEVELS
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare
from ops_app.modules.episodes.plans import gestation
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.journal_columns import BIRTH_DATE, name_column
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Permission
from ops_app.ui.render import local_name

STATES = (("active", N_("on the register")), ("finished", N_("ended")))


@dataclass(frozen=True, slots=True)
class _More:
    sites: dict[int, Organization]
    next_visits: dict[int, Any]


def _cards(scope: Scope, asked: Asked) -> Select[EpisodeOfCare, Patient]:
    statement: Select[EpisodeOfCare, Patient] = (
        select(EpisodeOfCare, Patient)
        .join(Patient, Patient.id == EpisodeOfCare.patient_id)
        .where(
            EpisodeOfCare.kind == "pregnancy",
            scope.condition(EpisodeOfCare.organization_id),
            EpisodeOfCare.entered_in_error_at.is_(None),
        )
    )
    if "state" in asked:
        statement = statement.where(EpisodeOfCare.status == asked["state"])
    if "risk" in asked:
        statement = statement.where(EpisodeOfCare.risk_level == asked["risk"])
    return statement.where(EpisodeOfCare.site_id == int(asked["site"])) if "site" in asked else statement


def _sites(session: Session, actor: Actor, scope: Scope) -> Choices:
    rows = session.scalars(
        select(Organization)
        .where(Organization.kind == "site", scope.condition(Organization.id), Organization.is_active)
        .order_by(Organization.sort_key, Organization.id)
        .limit(200)
    )
    return [(str(row.id), local_name(row)) for row in rows]


def _look_up(session: Session, rows: Sequence[Any]) -> _More:
    sites = session.scalars(select(Organization).where(Organization.id.in_([r.EpisodeOfCare.site_id for r in rows])))
    waiting = session.execute(
        select(CarePlanActivity.episode_id, func.min(CarePlanActivity.planned_date))
        .where(
            CarePlanActivity.episode_id.in_([row.EpisodeOfCare.id for row in rows]),
            CarePlanActivity.status == "planned",
            CarePlanActivity.entered_in_error_at.is_(None),
        )
        .group_by(CarePlanActivity.episode_id)
    )
    return _More({site.id: site for site in sites}, {episode: day for episode, day in waiting if episode})


def _weeks(row: Any, more: _More) -> int | None:
    card = row.EpisodeOfCare
    end = clock.local(card.end_at).date() if card.end_at else clock.today()
    return gestation(card.lmp_date, end)[0] if card.lmp_date else None


JOURNALS = (
    Journal(
        name="pregnancies",
        title=N_("Pregnant women"),
        about=N_("Women on the pregnancy register of your organisation."),
        permission=Permission.PATIENTS_CARD_READ,
        query=_cards,
        columns=(
            name_column(N_("Name"), lambda row: ("episodes:of_patient", {"patient_id": row.Patient.id})),
            BIRTH_DATE,
            Column("phone", N_("Phone"), lambda row, more: row.Patient.phone, privacy=Privacy.DIRECT),
            Column(
                "registered",
                N_("Registered on"),
                lambda row, more: row.EpisodeOfCare.event_at,
                "date",
                sort=EpisodeOfCare.event_at,
            ),
            Column("weeks", N_("Week"), _weeks, "number", sort=EpisodeOfCare.lmp_date),
            Column(
                "due", N_("Due date"), lambda row, more: row.EpisodeOfCare.due_date, "date", sort=EpisodeOfCare.due_date
            ),
            Column(
                "risk",
                N_("Risk"),
                lambda row, more: _(dict(RISK_LEVELS).get(row.EpisodeOfCare.risk_level or "", "")) or "",
                privacy=Privacy.SENSITIVE,
            ),
            Column("level", N_("Care level"), lambda row, more: row.EpisodeOfCare.required_care_level, "number"),
            Column("next", N_("Next visit"), lambda row, more: more.next_visits.get(row.EpisodeOfCare.id), "date"),
            Column("site", N_("Site"), lambda row, more: local_name(more.sites.get(row.EpisodeOfCare.site_id))),
            Column(
                "outcome",
                N_("Outcome"),
                lambda row, more: _(dict(OUTCOMES)[row.EpisodeOfCare.outcome]) if row.EpisodeOfCare.outcome else "",
                privacy=Privacy.SENSITIVE,
            ),
        ),
        default_sort=(EpisodeOfCare.due_date, EpisodeOfCare.id),
        person=lambda row: row.Patient.id,
        filters=(
            ChoiceFilter("state", N_("State"), choices=STATES, default="active"),
            ChoiceFilter("risk", N_("Risk"), choices=RISK_LEVELS),
            ChoiceFilter("site", N_("Site"), options=_sites),
        ),
        empty=N_("A woman stands here from the day her pregnancy card is opened."),
        look_up=_look_up,
        order=20,
    ),
)
