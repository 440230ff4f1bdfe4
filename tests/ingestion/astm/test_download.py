"""Orders that a person sends to an analyser: over HTTP into the table, over the socket to the analyser."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.archive import Archive
from ingestion.astm.download import send_once
from ingestion.astm.gateway import Gateway, Times
from ops_app.app import create_app
from ops_app.mechanisms.device_messages.astm import Message
from ops_app.modules.devices.models import OrderDownload
from ops_app.permissions import Role
from tests.ingestion.astm.laboratory import TUBE, open_laboratory
from tests.ingestion.astm.simulator import Analyser, result_message
from tests.installation import Database
from tests.ops_app.browser import make_account, signed_in


@pytest.mark.req("LABEQ-01", "LABEQ-02")
def test_orders_of_a_tube_are_sent_to_the_analyser(module_database: Database) -> None:
    laboratory = open_laboratory(module_database)
    engine = module_database.engine("app")
    app = create_app(engine)
    make_account(engine, "technician", [(Role.LABORATORY_TECHNICIAN, laboratory.hospital)])
    make_account(engine, "keeper", [(Role.ADMINISTRATOR, laboratory.hospital)])
    page = f"/devices/{laboratory.devices['SIM']}"
    assert signed_in(app, "keeper").post(f"{page}/orders", {"specimen_barcode": TUBE}).status_code == 403
    technician = signed_in(app, "technician")
    for tube in (TUBE, "NOTHING"):
        assert technician.post(f"{page}/orders", {"specimen_barcode": tube}).status_code == 303
    deaf = f"/devices/{laboratory.devices['ABX']}/orders"
    assert technician.post(deaf, {"specimen_barcode": TUBE}).status_code == 409

    async def never(_sender: str, _peer: str, _message: Message) -> bytes | None:
        return None

    async def scenario() -> bytes:
        archive = Archive(module_database.libpq("app"))
        gateway = Gateway(archive, never, Times(answer=5.0))
        server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
        # nobody is connected yet: what can be sent waits
        await send_once(gateway, engine)
        analyser = await asyncio.to_thread(Analyser, server.sockets[0].getsockname()[1])
        await asyncio.to_thread(analyser.send, result_message())
        sending = asyncio.create_task(send_once(gateway, engine))
        text = await asyncio.to_thread(analyser.receive)
        await sending
        analyser.socket.close()
        server.close()
        archive.close()
        return text

    text = asyncio.run(scenario()).decode()
    assert f"O|1|{TUBE}||^^^WBC\\^^^HGB|S|" in text and text.endswith("L|1|N\r")
    with Session(engine) as session:
        rows = session.scalars(select(OrderDownload).order_by(OrderDownload.id)).all()
        assert [(row.state, row.asked_by) for row in rows] == [
            ("sent", "technician"),
            ("nothing_ordered", "technician"),
        ]
    shown = technician.get(page).text
    assert "taken" in shown and "nothing ordered that it measures" in shown
