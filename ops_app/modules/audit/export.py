"""The journal as a workbook."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping

import xlsxwriter

from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.audit.models import Event
from ops_app.modules.audit.titles import KINDS, rule_title

EXPORT_ROWS = 50_000


def workbook(rows: Iterable[tuple[Event, str | None]], titles: Mapping[str, str]) -> bytes:
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
            cells = [
                event.login,
                name or "",
                _(KINDS[event.kind]),
                _(title) if title else event.action,
                event.patient_id or "",
                rule_title(event.rule) if event.rule else "",
                " ".join(filter(None, (event.entity, event.entity_id))),
                _written(event.before),
                _written(event.after),
                event.ip or "",
            ]
            sheet.write_row(number, 1, cells)
    return body.getvalue()


def _written(values: Mapping[str, object] | None) -> str:
    # A cell of a workbook holds 32,767 characters.
    return json.dumps(values, ensure_ascii=False)[:32_000] if values else ""
