"""The card as a timeline: visits with their rows, and everything that stands outside a visit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    and_,
    any_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.kit.among import KEYS, plan_once
from ops_app.kit.model import column_names
from ops_app.kit.paging import Page, PageRequest
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.deaths.models import Death
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare
from ops_app.modules.imaging.models import Study
from ops_app.modules.radiology.models import Recording
from ops_app.modules.visits.models import Encounter
from ops_app.modules.visits.queries import ROW_MODELS

STANDING_ALONE: dict[str, type[Any]] = {
    "death": Death,
    "episode_of_care": EpisodeOfCare,
    "care_plan_activity": CarePlanActivity,
    "appointment": Appointment,
}
IMAGES: dict[str, type[Any]] = {"study": Study, "recording": Recording}
MODELS: dict[str, type[Any]] = {"encounter": Encounter} | ROW_MODELS | STANDING_ALONE | IMAGES
KINDS = tuple(MODELS)


def _stored(model: Any) -> Select[Any]:
    """Rows as they are stored: a card reads hundreds and changes none, so that no object stands behind each."""
    return select(*(getattr(model, name) for name in column_names(model)))


_LOADED: dict[str, Select[Any]] = {
    kind: (select(model) if kind in IMAGES else _stored(model)).where(model.id == any_(KEYS))
    for kind, model in MODELS.items()
}
_OF_VISITS = {
    kind: _stored(model).where(model.encounter_id == any_(KEYS)).order_by(model.id)
    for kind, model in ROW_MODELS.items()
}
REFUSALS = ("refused", "not_indicated", "non_profile", "no_bed", "walked_out")
"""How a person leaves an admission room without a bed."""
_STAYS = or_(
    Encounter.encounter_class == "inpatient",
    Encounter.purpose == "hospitalisation",
    and_(Encounter.encounter_class == "emergency", Encounter.disposition.in_(REFUSALS)),
)
NARROWED: dict[str, tuple[type[Any], ColumnElement[bool]]] = {
    "hospitalisation": (Encounter, _STAYS),
    "ambulance": (Encounter, Encounter.purpose == "ambulance_call"),
    "observed": (EpisodeOfCare, EpisodeOfCare.kind.in_(("dispensary", "pregnancy"))),
} | {kind: (model, true()) for kind, model in ROW_MODELS.items()}
"""What the sections of the card and the filter of the timeline show: a table, and which of its rows."""
DRAWN_AS = {"hospitalisation": "encounter", "ambulance": "encounter", "observed": "episode_of_care"}
"""Narrowed kinds by the kind that says how a row reads."""


@dataclass
class Entry:
    """One place on the timeline: a row, and for a visit the rows written at it."""

    kind: str
    row: Any
    at: dt.datetime
    rows: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageFact:
    """A study or a recording as a place of the timeline; what it shows is looked up by radiology."""

    id: int
    stored: Study | Recording
    organization_id: int | None
    event_at: dt.datetime
    known_at: dt.datetime
    practitioner_id: None = None
    evidence: str = "measured"
    entered_in_error_at: None = None


@dataclass(frozen=True)
class TimelineFilter:
    """What of the card is shown."""

    kind: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    with_errors: bool = True


@dataclass(frozen=True)
class _Asked:
    """What gives the statement of a timeline its form."""

    kind: str | None
    with_errors: bool
    since: bool
    until: bool

    @property
    def kind_drawn(self) -> str | None:
        """The one kind of rows that is read; None for all."""
        asked = DRAWN_AS.get(self.kind or "", self.kind)
        return asked if asked in MODELS else None

    @property
    def grouped(self) -> bool:
        """Whether rows of a visit stand with it."""
        return self.kind_drawn is None


def _moment(kind: str) -> Any:
    if kind == "study":
        return func.coalesce(Study.started_at, Study.received_at)
    if kind == "recording":
        return Recording.recorded_on
    return MODELS[kind].start_at if kind == "appointment" else MODELS[kind].event_at


def _heads(kind: str, asked: _Asked) -> Select[Any]:
    narrowed = asked.kind
    model = MODELS[kind]
    at = _moment(kind)
    statement = select(literal(kind).label("kind"), model.id.label("id"), at.label("at")).where(
        model.patient_id == any_(KEYS)
    )
    if narrowed in DRAWN_AS:
        statement = statement.where(NARROWED[narrowed][1])
    if asked.grouped and kind in ROW_MODELS:
        # Rows of a visit are shown with it.
        statement = statement.where(model.encounter_id.is_(None))
    if kind == "care_plan_activity":
        # What waits stands above the timeline, what a visit completed stands with the visit.
        statement = statement.where(CarePlanActivity.status == "cancelled")
    if kind == "study":
        statement = statement.where(Study.state == "available")
    if not asked.with_errors and kind not in IMAGES:
        statement = statement.where(model.entered_in_error_at.is_(None))
    local_day = func.date(func.timezone("Asia/Almaty", at))
    if asked.since:
        statement = statement.where(local_day >= bindparam("since", type_=Date))
    if asked.until:
        statement = statement.where(local_day <= bindparam("until", type_=Date))
    return statement


@lru_cache(maxsize=64)
def _statements(asked: _Asked) -> tuple[Select[Any], Select[Any]]:
    """A page of heads with their number beside each, and the number alone; composed once, not for every card."""
    kinds = [asked.kind_drawn] if asked.kind_drawn else list(MODELS)
    heads = union_all(*(_heads(kind, asked) for kind in kinds)).subquery()
    page = (
        select(heads, func.count().over().label("total"))
        .order_by(heads.c.at.desc(), heads.c.kind, heads.c.id.desc())
        .offset(bindparam("skipped", type_=Integer))
        .limit(bindparam("most", type_=Integer))
    )
    return page, select(func.count()).select_from(heads)


def timeline(session: Session, records: Sequence[int], paging: PageRequest, wanted: TimelineFilter) -> Page[Entry]:
    """One page of the card, newest first; with a kind chosen, that kind alone and ungrouped."""
    page, count = _statements(_Asked(wanted.kind, wanted.with_errors, bool(wanted.since), bool(wanted.until)))
    about = {"keys": list(records), "since": wanted.since, "until": wanted.until}
    about = {name: value for name, value in about.items() if value is not None}
    window = {"skipped": (paging.number - 1) * paging.size, "most": paging.size + 1}
    plan_once(session)
    found = session.execute(page, about | window).all()
    # behind the last page no row tells how many there are
    total = found[0].total if found else session.scalar(count, about)
    shown = found[: paging.size]
    rows: dict[tuple[str, int], Any] = {}
    for kind in {head.kind for head in shown}:
        ids = [head.id for head in shown if head.kind == kind]
        found_rows = session.execute(_LOADED[kind], {"keys": ids})
        loaded: Sequence[Any] = found_rows.scalars().all() if kind in IMAGES else found_rows.all()
        rows |= {(kind, row.id): row for row in loaded}
    entries = [Entry(head.kind, _as_fact(head.kind, rows[(head.kind, head.id)], head.at), head.at) for head in shown]
    _fill_visits(session, entries, wanted.with_errors)
    return Page(entries, paging, len(found) > paging.size, total)


def _as_fact(kind: str, row: Any, at: dt.datetime) -> Any:
    if kind not in IMAGES:
        return row
    known = row.received_at if kind == "study" else row.recorded_at
    return ImageFact(row.id, row, row.organization_id, at, known)


def _fill_visits(session: Session, entries: Sequence[Entry], with_errors: bool) -> None:
    visits = {entry.row.id: entry for entry in entries if entry.kind == "encounter"}
    for kind, statement in _OF_VISITS.items() if visits else ():
        for row in session.execute(statement, {"keys": list(visits)}):
            if with_errors or row.entered_in_error_at is None:
                visits[row.encounter_id].rows.setdefault(kind, []).append(row)


def as_json(kind: str, row: Any) -> dict[str, Any]:
    """The columns of a row of the timeline as JSON can hold them."""
    return audit.as_json(row.stored) if kind in IMAGES else audit.columns_as_json(MODELS[kind], row)


def everything_about(entries: Sequence[Entry]) -> list[tuple[str, Any]]:
    """All rows of a page with their kinds, those of visits too."""
    found: list[tuple[str, Any]] = []
    for entry in entries:
        found.append((entry.kind, entry.row))
        found += [(kind, row) for kind, rows in entry.rows.items() for row in rows]
    return found
