"""The card: one person's timeline."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app.db import Db
from ops_app.kit import clock
from ops_app.kit.dates import parse_date
from ops_app.kit.form_fields import blank
from ops_app.kit.paging import Paging
from ops_app.modules.patients import fact_text, overview
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.patients.fact_text import EVIDENCE_TITLES, KIND_TITLES, Wording
from ops_app.modules.patients.permissions import CardReader
from ops_app.modules.patients.timeline import DRAWN_AS, IMAGES, TimelineFilter, everything_about, timeline
from ops_app.modules.radiology import image_list
from ops_app.modules.radiology.addresses import addresses

router = APIRouter()


@router.get("/patients/{patient_id}", name="patients:card")
def card(
    request: Request,
    access: CardReader,
    db: Db,
    paging: Paging,
    kind: str = "",
    since: str = "",
    until: str = "",
    errors: str = "",
) -> Response:
    """The timeline, newest first, with what waits above it."""
    who = person(db, access)
    wanted = TimelineFilter(
        kind=kind if kind in KIND_TITLES else None,
        since=parse_date(since) if since else None,
        until=parse_date(until) if until else None,
        with_errors=errors != "hide",
    )
    shown = timeline(db, who.records, paging, wanted)
    facts = [*everything_about(shown.items), *(("care_plan_activity", step) for step in who.waiting)]
    return card_page(
        request,
        db,
        access,
        "patients/card.html",
        "timeline",
        who=who,
        timeline=shown,
        waiting=who.waiting,
        images=image_list.shown_by_key(db, access.actor, who.records, addresses(request))
        if any(entry.kind in IMAGES for entry in shown.items)
        else {},
        words=Wording.of(db, facts),
        texts=fact_text,
        kind_titles=KIND_TITLES,
        evidence_titles=EVIDENCE_TITLES,
        filters=blank({"kind": kind, "since": since, "until": until, "errors": errors}),
        on=clock.today(),
    )


@router.get("/patients/{patient_id}/summary", name="patients:summary")
def summary(request: Request, access: CardReader, db: Db) -> Response:
    """Stays, calls, medicines, vaccinations, observation and trends, each with its source."""
    who = person(db, access)
    parts = overview.parts(db, who.records)
    trends = overview.trends(db, who.records)
    facts = [(DRAWN_AS.get(part.kind, part.kind), row) for part in parts for row in part.rows]
    facts += [("observation", trend.newest) for trend in trends]
    return card_page(
        request,
        db,
        access,
        "patients/summary.html",
        "summary",
        who=who,
        parts=parts,
        drawn_as=DRAWN_AS,
        trends=trends,
        size=(overview.WIDTH, overview.HEIGHT),
        words=Wording.of(db, facts),
        texts=fact_text,
        evidence_titles=EVIDENCE_TITLES,
    )
