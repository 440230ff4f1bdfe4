"""The audit journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Posted
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.audit import queries
from ops_app.modules.audit.export import EXPORT_ROWS, workbook
from ops_app.modules.audit.forms import JournalFilter
from ops_app.modules.audit.models import Event
from ops_app.modules.audit.permissions import JournalReader
from ops_app.modules.audit.titles import KINDS, RULES, action_titles, rule_title
from ops_app.modules.audit.wording import Wording, record_title
from ops_app.permissions import Permission
from ops_app.ui.render import page

router = APIRouter()

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/audit", name="audit:journal")
def journal(request: Request, actor: JournalReader, db: Db, paging: Paging) -> Response:
    form = Posted(request.query_params).check(JournalFilter)
    asked = form.value or JournalFilter()
    if not asked.is_empty():
        # Asking about a person is itself worth knowing.
        audit.security(db, actor.login, "audit:journal_asked", account_id=actor.account_id, **asked.as_details())
    scope = actor.scope(Permission.AUDIT_JOURNAL_READ)
    found = fetch_page(
        db,
        queries.events(db, scope, asked),
        paging,
        sortable=queries.sortable(),
        default=[Event.id.desc()],
        count=False,
    )
    _note_shown(db, actor, [row.Event for row in found.items])
    today = clock.today()
    return page(
        request,
        "audit/journal.html",
        form=form,
        found=found,
        kinds=KINDS,
        rules=RULES,
        rule_title=rule_title,
        record_title=record_title,
        wording=Wording.of(db, (row.Event for row in found.items)),
        titles=action_titles(request.app.state.modules),
        presets={
            "today": (today, today),
            "week": (today - dt.timedelta(days=6), today),
            "month": (today - dt.timedelta(days=29), today),
        },
        status_code=422 if form.errors else 200,
    )


@router.get("/audit/journal.xlsx", name="audit:export")
def export(request: Request, actor: JournalReader, db: Db) -> Response:
    """The rows that fit the filter as a workbook; that it left is itself a row."""
    form = Posted(request.query_params).check(JournalFilter)
    if form.value is None:
        raise Invalid(next(iter(form.errors.values())), field=next(iter(form.errors)))
    scope = actor.scope(Permission.AUDIT_JOURNAL_READ)
    found = queries.events(db, scope, form.value).order_by(Event.id.desc()).limit(EXPORT_ROWS + 1)
    rows = [(row.Event, row.display_name) for row in db.execute(found)]
    if len(rows) > EXPORT_ROWS:
        raise Invalid(_("More than %(n)s rows fit: narrow the period", n=EXPORT_ROWS), field="date_from")
    _note_shown(db, actor, [event for event, _name in rows])
    audit.security(
        db,
        actor.login,
        "audit:exported",
        account_id=actor.account_id,
        rows=len(rows),
        **form.value.as_details(),
    )
    wording = Wording.of(db, (event for event, _name in rows))
    content = workbook(rows, action_titles(request.app.state.modules), wording)
    name = f"audit-{clock.today().isoformat()}.xlsx"
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _note_shown(db: Session, actor: Actor, events: Sequence[Event]) -> None:
    # Values before and after are the person's data, also when they are read here.
    shown = {event.patient_id for event in events if event.patient_id and (event.before or event.after)}
    audit.read_many(db, actor, sorted(shown), rule="journal")
