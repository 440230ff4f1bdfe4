"""Verifying the journal: every block and every row against what was sealed, each deviation named."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.audit import chain
from ops_app.modules.audit.models import Block, Event, Unsealed
from ops_app.modules.audit.sealing import Head

FINDINGS_SHOWN = 1000
BLOCKS_AT_ONCE = 20

_OUTSIDE = text(
    "select e.id from audit.event e where not exists (select from security.unsealed u where u.event_id = e.id) "
    "and not exists (select from (select unnest(event_ids) as id from audit.block) sealed where sealed.id = e.id) "
    "order by e.id limit :limit"
)


@dataclass(frozen=True)
class Finding:
    """One deviation: ``edited``, ``removed`` or ``unqueued`` rows, ``block_…`` for the chain itself."""

    kind: str
    block: int | None = None
    event_id: int | None = None


@dataclass
class Report:
    """What a verification saw."""

    blocks: int = 0
    events: int = 0
    unsealed: int = 0
    oldest_unsealed_seconds: int | None = None
    head: int | None = None
    findings: list[Finding] = field(default_factory=list)
    deviations: int = 0

    @property
    def intact(self) -> bool:
        """Whether nothing deviates."""
        return self.deviations == 0

    def add(self, kind: str, block: int | None = None, event_id: int | None = None) -> None:
        """Note a deviation; only the first ones are kept, all are counted."""
        self.deviations += 1
        if len(self.findings) < FINDINGS_SHOWN:
            self.findings.append(Finding(kind, block, event_id))


def verify(session: Session, key: bytes, head: Head | None) -> Report:
    """Compare the whole journal with its seals."""
    report = Report()
    previous, expected, head_seal = chain.START, 1, None
    for block in _blocks(session):
        while expected < block.number:
            report.add("block_removed", expected)
            expected += 1
        expected = block.number + 1
        _verify_block(session, key, block, previous, report)
        previous = block.seal
        if head is not None and block.number == head.number:
            head_seal = block.seal.hex()
        report.blocks += 1
        report.head = block.number
    if head is not None and head_seal is None:
        for number in range((report.head or 0) + 1, head.number + 1):
            report.add("block_removed", number)
    elif head is not None and head_seal != head.seal:
        report.add("block_replaced", head.number)
    for event_id in session.scalars(_OUTSIDE, {"limit": FINDINGS_SHOWN}):
        report.add("unqueued", None, event_id)
    waiting = select(func.count(), func.min(Event.at)).join(Event, Event.id == Unsealed.event_id)
    report.unsealed, oldest = session.execute(waiting.select_from(Unsealed)).one()
    if oldest is not None:
        report.oldest_unsealed_seconds = max(0, int((clock.now() - oldest).total_seconds()))
    return report


def _blocks(session: Session) -> Iterator[Block]:
    # In portions, and forgotten afterwards: a region's journal does not fit into memory.
    last = 0
    while True:
        found = session.scalars(
            select(Block).where(Block.number > last).order_by(Block.number).limit(BLOCKS_AT_ONCE)
        ).all()
        if not found:
            return
        yield from found
        last = found[-1].number
        session.expunge_all()


def _verify_block(session: Session, key: bytes, block: Block, previous: bytes, report: Report) -> None:
    if block.key_name != chain.key_name(key):
        report.add("block_other_key", block.number)
        return
    made = chain.seal(key, block.number, block.sealed_at, block.previous, block.event_ids, block.digests)
    if block.layout != chain.LAYOUT or not hmac.compare_digest(made, block.seal):
        report.add("block_edited", block.number)
    if block.previous != previous:
        report.add("block_out_of_order", block.number)
    events = {event.id: event for event in session.scalars(select(Event).where(Event.id.in_(block.event_ids)))}
    for event_id, sealed in zip(block.event_ids, chain.split(block.digests), strict=False):
        report.events += 1
        event = events.get(event_id)
        if event is None:
            report.add("removed", block.number, event_id)
        elif not hmac.compare_digest(chain.digest(key, event), sealed):
            report.add("edited", block.number, event_id)
    for event in events.values():
        session.expunge(event)
