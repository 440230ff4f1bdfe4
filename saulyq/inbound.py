"""Inbound messages for the command line: counts, lists, one message, reading again, files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from saulyq.errors import SaulyqError
from saulyq.settings import Settings

if TYPE_CHECKING:
    from ops_app.modules.ingest.models import InboundMessage

LISTED = (
    *("id", "channel", "sender", "facility", "control_id", "message_type", "received_at", "state", "answer"),
    *("error", "outcome", "attempts", "processed_at"),
)
"""What a list says of a message."""
BATCH = 1000


@contextmanager
def _session(current: Settings) -> Iterator[Session]:
    from ingestion.interpreter import make_engine

    engine = make_engine(current.database_url("app"))
    try:
        with Session(engine, expire_on_commit=False) as session:
            yield session
            session.commit()
    finally:
        engine.dispose()


def status(current: Settings) -> dict[str, Any]:
    """Counts by channel and in all."""
    from ops_app.modules.ingest import queries

    with _session(current) as session:
        channels = queries.counts(session)
    totals = {state: sum(row[state] for row in channels) for state in ("received", "done", "failed", "archived")}
    waiting = [row["oldest_waiting_at"] for row in channels if row["oldest_waiting_at"]]
    return {
        "total": sum(totals.values()),
        **totals,
        "oldest_waiting_at": min(waiting, default=None),
        "channels": channels,
    }


def listed(
    current: Settings,
    *,
    channel: str | None = None,
    sender: str | None = None,
    state: str | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Messages that fit, oldest first; the newest ``limit`` of them. Read a batch at a time, however many there are."""
    from ops_app.modules.ingest import queries
    from ops_app.modules.ingest.models import InboundMessage

    asked = queries.messages(channel=channel, sender=sender, state=state)
    if limit is not None:
        newest = asked.with_only_columns(InboundMessage.id).order_by(InboundMessage.id.desc()).limit(limit)
        asked = queries.messages().where(InboundMessage.id.in_(newest))
    columns = [getattr(InboundMessage, name) for name in LISTED]
    ordered = asked.with_only_columns(*columns).order_by(InboundMessage.id).execution_options(yield_per=BATCH)
    with _session(current) as session:
        yield from (dict(row) for row in session.execute(ordered).mappings())


def shown(current: Settings, number: int) -> dict[str, Any] | None:
    """One message with its contents."""
    from ops_app import audit
    from ops_app.modules.ingest import parsed, queries, service
    from ops_app.modules.ingest.models import InboundMessage

    with _session(current) as session:
        row = session.get(InboundMessage, number)
        if row is None:
            return None
        audit.security(session, audit.typed_by(), "ingest:show", message=number)
        segments = [
            {
                "name": segment.name,
                "sequence": segment.sequence,
                "fields": {str(field.number): field.text for field in segment.fields},
            }
            for segment in parsed.parsed(row)
        ]
        return _row(row) | {
            "raw": service.readable(row),
            "sha256": row.sha256.hex(),
            "charset": row.charset,
            "lane": row.lane,
            "peer": row.peer,
            "corrects_id": row.corrects_id,
            "corrections": [copy.id for copy in queries.corrections(session, number)],
            "segments": segments,
        }


def replay(
    current: Settings,
    numbers: list[int] | None,
    *,
    channel: str | None = None,
    sender: str | None = None,
    state: str | None = None,
) -> list[dict[str, Any]]:
    """Put messages back and read them here and now; the running interpreter may take them first."""
    from ingestion.interpreter import Interpreter, make_engine
    from ops_app.modules.ingest import queries, service
    from ops_app.modules.ingest.models import InboundMessage

    asked = queries.messages(channel=channel, sender=sender, state=state).order_by(InboundMessage.id)
    if numbers is not None:
        asked = asked.where(InboundMessage.id.in_(numbers))
    with _session(current) as session:
        found = [row for row in session.scalars(asked) if row.state != "received"]
        missing = set(numbers or ()) - {row.id for row in found}
        if numbers is not None and missing:
            raise SaulyqError(
                "no message that can be read again: %(numbers)s", numbers=", ".join(map(str, sorted(missing)))
            )
        for row in found:
            service.replay(session, None, row, "command line")
        again = [row.id for row in found]
    engine = make_engine(current.database_url("app"))
    try:
        Interpreter(engine).run_waiting()
    finally:
        engine.dispose()
    with _session(current) as session:
        rows = session.scalars(queries.messages().where(InboundMessage.id.in_(again)).order_by(InboundMessage.id)).all()
    return [_row(row) for row in rows]


def take_file(current: Settings, path: Path) -> dict[str, Any]:
    """Archive the messages of a file; the interpreter reads them as any other."""
    import psycopg

    from ingestion.archive import insert
    from ingestion.hl7.intake import judge
    from ops_app.mechanisms.device_messages.hl7 import split_batch

    judged = [judge(raw, None) for raw in split_batch(path.read_bytes())]
    with psycopg.connect(current.libpq_url("app")) as connection:
        kept = insert(connection, [each.received for each in judged]) if judged else []
    return {
        "read": len(judged),
        "accepted": sum(each.received.answer == "AA" for each in judged),
        "refused": sum(each.received.answer != "AA" for each in judged),
        "duplicates": sum(each.duplicate for each in kept),
        "messages": [each.id for each in kept],
    }


def _row(row: "InboundMessage") -> dict[str, Any]:
    return {name: getattr(row, name) for name in LISTED}
