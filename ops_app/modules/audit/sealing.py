"""Sealing the journal: whoever gets the lock puts the queued rows into the next blocks, in one order for all.

Writers never wait for each other: they insert rows, the database queues their numbers, and the chain
is written afterwards. A file outside the database names the newest block, so that cutting off the end
of the chain shows too.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Engine, delete, select, text
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.kit.among import among
from ops_app.modules.audit import chain
from ops_app.modules.audit.models import Block, Event, Unsealed
from saulyq.secrets import secret
from saulyq.settings import Settings

BLOCK_SIZE = 2000

_LOCK = text("select pg_try_advisory_xact_lock(hashtext('saulyq audit seal'))")


@dataclass(frozen=True)
class Head:
    """The newest block, as the file outside the database knows it."""

    number: int
    seal: str


def audit_key(current: Settings) -> bytes:
    """The key of the chain; made at its first use, kept with the other secrets."""
    return secret(current.secrets_dir, "audit_key").encode()


def head_file(current: Settings) -> Path:
    """Where the newest block is named outside the database."""
    return current.home / "audit" / "head.json"


def read_head(current: Settings) -> Head | None:
    """The newest block the installation remembers."""
    try:
        return Head(**json.loads(head_file(current).read_text()))
    except FileNotFoundError:
        return None


def write_head(current: Settings, head: Head) -> None:
    """Remember the newest block; a reader never finds half a file."""
    path = head_file(current)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(head)))
    draft.replace(path)


def seal_next(session: Session, key: bytes) -> Block | None:
    """Seal one block of queued rows; None when nothing waits or another process is at it."""
    if not session.scalar(_LOCK):
        return None
    ids = list(session.scalars(select(Unsealed.event_id).order_by(Unsealed.event_id).limit(BLOCK_SIZE)))
    if not ids:
        return None
    events = {event.id: event for event in session.scalars(select(Event).where(among(Event.id, ids)))}
    last = session.scalars(select(Block).order_by(Block.number.desc()).limit(1)).one_or_none()
    # A row that is gone before its sealing leaves a hole that the verification names.
    digests = b"".join(chain.digest(key, events[id]) if id in events else chain.MISSING for id in ids)
    number, previous, sealed_at = (last.number + 1 if last else 1), (last.seal if last else chain.START), clock.now()
    block = Block(
        number=number,
        layout=chain.LAYOUT,
        key_name=chain.key_name(key),
        event_ids=ids,
        digests=digests,
        previous=previous,
        sealed_at=sealed_at,
        seal=chain.seal(key, number, sealed_at, previous, ids, digests),
    )
    session.add(block)
    session.execute(delete(Unsealed).where(among(Unsealed.event_id, ids)))
    session.flush()
    return block


def seal_all(engine: Engine, current: Settings) -> int:
    """Seal everything that waits; give the number of rows sealed."""
    key = audit_key(current)
    sealed = 0
    while True:
        with Session(engine) as session:
            block = seal_next(session, key)
            if block is None:
                # psycopg forgets at a rollback what a connection has prepared, and pages use the same connections
                session.commit()
                return sealed
            head, count = Head(block.number, block.seal.hex()), len(block.event_ids)
            session.commit()
        write_head(current, head)
        sealed += count
