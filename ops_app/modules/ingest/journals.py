"""The journal of inbound messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.i18n import N_, _
from ops_app.kit.day_range import within_days
from ops_app.kit.privacy import Privacy
from ops_app.mechanisms.journal.declaration import Asked, ChoiceFilter, Choices, Column, DateFilter, Journal
from ops_app.modules.ingest import queries
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.ingest.titles import CHANNELS, PARTS, STATES, type_text
from ops_app.permissions import Permission


def _messages(scope: Scope, asked: Asked) -> Select[InboundMessage]:
    statement = queries.messages(
        channel=asked.get("channel"), sender=asked.get("sender"), state=asked.get("state")
    ).where(queries.of_scope(scope))
    return statement.where(*within_days(InboundMessage.received_at, asked.get("since"), asked.get("until")))


def _senders(session: Session, actor: Actor, scope: Scope) -> Choices:
    return [(name, name) for name in queries.senders(session, scope)]


def _error(row: Any, more: Any) -> str:
    error = row.InboundMessage.error
    if not error:
        return ""
    place = error.get("segment") or ""
    if place in PARTS:
        place = " ".join(filter(None, (_(PARTS[place]), str(error.get("sequence") or ""))))
    elif error.get("field"):
        place = f"{place}-{error['field']}"
    return f"{place}: {_(error['text'])}".removeprefix(": ")


JOURNALS = (
    Journal(
        name="inbound",
        title=N_("Inbound messages"),
        about=N_("What devices and other systems sent, and what became of it."),
        permission=Permission.INGEST_JOURNAL_READ,
        query=_messages,
        columns=(
            Column(
                "received",
                N_("Came in"),
                lambda row, more: row.InboundMessage.received_at,
                "moment",
                sort=InboundMessage.received_at,
                link=lambda row: ("ingest:message", {"message_id": row.InboundMessage.id}),
            ),
            Column("channel", N_("Channel"), lambda row, more: _(CHANNELS[row.InboundMessage.channel])),
            Column("sender", N_("Sender"), lambda row, more: row.InboundMessage.sender, sort=InboundMessage.sender),
            Column("type", N_("Type"), lambda row, more: type_text(row.InboundMessage.message_type)),
            Column(
                "number",
                N_("Number of the sender"),
                lambda row, more: row.InboundMessage.control_id or "",
                "code",
                privacy=Privacy.DIRECT,
            ),
            Column("answer", N_("Answer"), lambda row, more: row.InboundMessage.answer or ""),
            Column(
                "state", N_("State"), lambda row, more: _(STATES[row.InboundMessage.state]), sort=InboundMessage.state
            ),
            Column("error", N_("What is wrong"), _error),
        ),
        default_sort=(InboundMessage.id.desc(),),
        person=lambda row: row.InboundMessage.patient_id,
        filters=(
            DateFilter("since", N_("From"), default=-7),
            DateFilter("until", N_("To")),
            ChoiceFilter("channel", N_("Channel"), choices=tuple(CHANNELS.items())),
            ChoiceFilter("sender", N_("Sender"), options=_senders),
            ChoiceFilter("state", N_("State"), choices=tuple(STATES.items())),
        ),
        empty=N_("A message stands here as soon as a device or another system has sent it."),
        nav=False,
    ),
)
