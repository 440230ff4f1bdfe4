"""Sends orders to analysers that take them unasked."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ingestion.astm.gateway import Gateway
from ingestion.astm.host import order_message
from ingestion.astm.interpretation import device_of
from ops_app.kit import clock
from ops_app.mechanisms.device_messages.analyser_profile import profile
from ops_app.modules.devices import queries as devices
from ops_app.modules.devices.models import Device, OrderDownload
from ops_app.modules.laboratory.incoming import open_orders_for

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
MOST_ATTEMPTS = 3
TAKEN_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for its analyser; without a message nothing is ordered that the analyser measures."""

    id: int
    device_id: int
    message: bytes | None


def waiting(engine: Engine) -> list[Waiting]:
    """What waits, written as messages."""
    found = []
    with Session(engine) as session:
        for row in devices.waiting_downloads(session):
            device = session.get_one(Device, row.device_id)
            orders = [("", each) for each in open_orders_for(session, device.id, row.specimen_barcode)]
            message = order_message(session, device, profile(device.profile), orders, report_type="O")
            found.append(Waiting(row.id, device.id, message if b"\rO|" in message else None))
    return found


def is_of(engine: Engine, device_id: int, sender: str, peer: str) -> bool:
    """Whether a connection belongs to a device."""
    with Session(engine) as session:
        found = device_of(session, sender, peer)
        return found is not None and found.id == device_id


def settle(engine: Engine, download_id: int, state: str) -> None:
    """Write down what became of it; a refusal is tried again a few times."""
    with Session(engine) as session, session.begin():
        row = session.get_one(OrderDownload, download_id, with_for_update=True)
        row.attempts += 1
        if state == "refused" and row.attempts < MOST_ATTEMPTS:
            return
        row.state, row.settled_at = state, clock.now()


async def send_once(gateway: Gateway, engine: Engine) -> None:
    """Offer every waiting message to its analyser, if that is connected."""
    for each in await asyncio.to_thread(waiting, engine):
        if each.message is None:
            await asyncio.to_thread(settle, engine, each.id, "nothing_ordered")
            continue
        # a handful of connections: asked here, so that the gateway knows nothing of devices
        names = {(connection.sender, connection.peer) for connection in gateway.connections}
        own = {name for name in names if await asyncio.to_thread(is_of, engine, each.device_id, *name)}
        taken = gateway.post(lambda sender, peer, own=own: (sender, peer) in own, each.message)  # type: ignore[misc]
        if taken is None:
            continue
        try:
            state = "sent" if await asyncio.wait_for(taken, TAKEN_WITHIN) else "refused"
        except TimeoutError:
            state = "refused"
        await asyncio.to_thread(settle, engine, each.id, state)


async def send_downloads(gateway: Gateway, engine: Engine) -> None:
    """Look for waiting orders again and again."""
    while True:
        try:
            await send_once(gateway, engine)
        except Exception:
            # a database that is away comes back; the orders wait in it
            log.exception("orders could not be sent")
        await asyncio.sleep(LOOK_EVERY)
