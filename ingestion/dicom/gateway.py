"""The gateway as a process: ``python -m ingestion.dicom.gateway``."""

from __future__ import annotations

import gc
import logging
import signal
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import cast

from pynetdicom import AE, _config, evt
from sqlalchemy import Engine, create_engine

from ingestion.dicom import outgoing, query, worklist
from ingestion.dicom.arriving import Arriving
from ingestion.dicom.commitment import CALL_SECONDS, COMMITMENT, Commitment
from ingestion.dicom.senders import Doorkeeper
from ingestion.dicom.server import IDLE_SECONDS, PromptRequests, PromptServer, refused_for_number
from ingestion.dicom.storage import Indexer, Storage
from ingestion.dicom.transport import LARGEST_PDU
from ingestion.tls import server_context
from ops_app.models import load_all
from saulyq.errors import SaulyqError
from saulyq.settings import Settings, settings

VERIFICATION = "1.2.840.10008.1.1"
SERVICES = (
    *(VERIFICATION, *query.FIND, *query.MOVE, *query.GET),
    *(worklist.WORK_LIST, worklist.PERFORMED_STEP, COMMITMENT),
)


def engine_of(url: str) -> Engine:
    """The engine of the gateway; no values of a record in its errors, the tables of every module known."""
    load_all()
    return create_engine(
        url,
        pool_size=4,
        max_overflow=16,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "options": "-c idle_in_transaction_session_timeout=60s -c timezone=UTC",
            # a plan kept from when a table was small makes the gateway slower with every object
            "prepare_threshold": None,
        },
    )


def tls_context(current: Settings) -> ssl.SSLContext | None:
    """TLS as the installation sets it; None where none is set."""
    return server_context(
        current.dicom_certificate, current.dicom_key, current.dicom_client_authorities, gateway="DICOM"
    )


def start(current: Settings, engine: Engine) -> PromptServer:
    """Listen; the server runs in threads of this process until it is shut down."""
    context = tls_context(current)
    outgoing.check(current)
    arriving = Arriving(current.images_dir)
    arriving.claim()
    try:
        return _listen(current, engine, context, arriving)
    except BaseException:
        arriving.release()
        raise


def _listen(current: Settings, engine: Engine, context: ssl.SSLContext | None, arriving: Arriving) -> PromptServer:
    folder = current.images_dir
    # every storage class, known or private, with every transfer syntax: nothing is decoded here
    _config.UNRESTRICTED_STORAGE_SERVICE = True
    _config.LOG_HANDLER_LEVEL = "none"

    def requested(event: evt.Event) -> None:
        if not refused_for_number(event):
            doorkeeper.check(event)

    entity = AE(current.dicom_ae_title)
    entity.maximum_pdu_size = LARGEST_PDU
    # counted by refused_for_number
    entity.maximum_associations = sys.maxsize
    entity.network_timeout = IDLE_SECONDS
    # of associations that we open: a station that does not answer, or answers without the TLS it is known for
    entity.connection_timeout = CALL_SECONDS
    for abstract in SERVICES:
        entity.add_supported_context(abstract)

    doorkeeper = Doorkeeper(engine, current)
    searches = query.Query(engine, doorkeeper, current)
    lists = worklist.WorkList(engine, doorkeeper)
    commitment = Commitment(engine, current)
    server = cast(
        PromptServer,
        entity.make_server(
            (current.dicom_bind or current.bind, current.dicom_port),
            ssl_context=context,
            evt_handlers=[
                (evt.EVT_REQUESTED, requested),
                (evt.EVT_C_ECHO, lambda _event: 0x0000),
                (evt.EVT_C_FIND, _found_by(searches, lists)),
                (evt.EVT_C_MOVE, searches.move),
                (evt.EVT_C_GET, searches.get),
                (evt.EVT_N_CREATE, lists.begin),
                (evt.EVT_N_SET, lists.change),
                (evt.EVT_N_ACTION, commitment.request),
            ],
            server_class=PromptServer,
            request_handler=PromptRequests,
        ),
    )
    server.store = Storage(Indexer(engine, folder), doorkeeper, arriving.folder, folder, SERVICES)
    server.on_end = [commitment.end, arriving.release]
    entity._servers.append(server)
    threading.Thread(target=server.serve_forever, name="listener", daemon=True).start()
    commitment.start()
    return server


def _found_by(searches: query.Query, lists: worklist.WorkList) -> Callable[[evt.Event], Iterator[object]]:
    def find(event: evt.Event) -> Iterator[object]:
        is_work_list = event.context.abstract_syntax == worklist.WORK_LIST
        return lists.find(event) if is_work_list else searches.find(event)

    return find


def main() -> None:
    """Run the gateway of this installation until told to stop."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # its messages hold what devices send; errors are enough
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    current = settings()
    try:
        server = start(current, engine_of(current.database_url("app")))
    except SaulyqError as error:
        sys.exit(f"saulyq: {error}")
    # what is loaded now stays for ever; looking through it again and again costs a tenth of the time
    gc.collect()
    gc.freeze()
    asked = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    logging.getLogger(__name__).info("%s listens on port %s", current.dicom_ae_title, current.dicom_port)
    asked.wait()
    server.shutdown()


if __name__ == "__main__":
    main()
