"""The journal as a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

import xlsxwriter

from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.audit.models import Event
from ops_app.modules.audit.titles import KINDS, rule_title
from ops_app.modules.audit.wording import Wording, record_title

EXPORT_ROWS = 50_000


def workbook(rows: Iterable[tuple[Event, str | None]], titles: Mapping[str, str], wording: Wording) -> bytes:
    """One sheet, a row an event; times are local, texts are never formulas."""
    body = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(body, options) as book:
        sheet = book.add_worksheet(_("Audit journal")[:31])
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "dd.mm.yyyy hh:mm:ss"})
        heads = [
            *(_("Time"), _("Login"), _("Name"), _("What"), _("Action"), _("Patient"), _("Rule")),
            *(_("Record"), _("Before"), _("After"), _("Address")),
        ]
        sheet.write_row(0, 0, heads, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 19)
        sheet.set_column(1, 10, 22)
        for number, (event, name) in enumerate(rows, start=1):
            sheet.write_datetime(number, 0, clock.local(event.at).replace(tzinfo=None), moment)
            title = titles.get(event.action)
            changes = wording.changes(event)
            cells = [
                event.login,
                name or "",
                _(KINDS[event.kind]),
                _(title) if title else event.action,
                event.patient_id or "",
                rule_title(event.rule) if event.rule else "",
                _record(event),
                _written((each.title, each.before) for each in changes),
                _written((each.title, each.after) for each in changes),
                event.ip or "",
            ]
            sheet.write_row(number, 1, cells)
    return body.getvalue()


def _record(event: Event) -> str:
    kind = record_title(event.entity) if event.entity else ""
    return f"{kind} № {event.entity_id}" if event.entity_id else kind


def _written(values: Iterable[tuple[str, str | None]]) -> str:
    # A cell of a workbook holds 32,767 characters.
    return "\n".join(f"{title}: {value}" for title, value in values if value is not None)[:32_000]
