"""The gateway is killed while devices send: what was acknowledged is there, exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.filereader import read_file_meta_info
from pynetdicom import AE, _config
from sqlalchemy import text

from ops_app.modules.imaging.filing import sha256_of
from saulyq.settings import Settings
from tests.ingestion.dicom import objects
from tests.ingestion.dicom.test_promises import Modality, asks
from tests.installation import ROOT, Database, Installation, free_port_base
from tests.ops_app.jobs.running import wait_until

SENDERS, FILES = 2, 8
# the gateway as the part runs it, on the database of a test
PROGRAM = """
import sys, threading
from ingestion.dicom import gateway
from saulyq.settings import settings
current = settings().model_copy(update={"port_base": int(sys.argv[2])})
gateway.start(current, gateway.engine_of(sys.argv[1]))
print("listens", flush=True)
threading.Event().wait()
"""


@contextmanager
def gateway_process(
    database: Database, installation: Installation, current: Settings, **extra: str
) -> Iterator[subprocess.Popen]:
    arguments = [sys.executable, "-c", PROGRAM, database.url("app"), str(current.port_base)]
    process = subprocess.Popen(arguments, cwd=ROOT, env=installation.environment | extra, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"listens\n"
        yield process
    finally:
        process.kill()
        process.communicate()


class Sender(threading.Thread):
    """Sends its files one after the other until the other side is gone; what it sent before it sends again."""

    def __init__(self, current: Settings, files: list[Path], last_breath: threading.Semaphore):
        super().__init__()
        self.acknowledged: set[str] = set()
        self._current, self._files, self._sent = current, files, last_breath

    def run(self) -> None:
        entity = AE("CT1")
        entity.add_requested_context(objects.CR, "1.2.840.10008.1.2.1")
        entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = 60
        association = entity.associate("127.0.0.1", self._current.dicom_port, ae_title="SAULYQ")
        for path in self._files:
            try:
                status = association.send_c_store(path).get("Status")
            except (RuntimeError, OSError):
                break
            if status != 0x0000:
                break
            self.acknowledged.add(str(read_file_meta_info(path).MediaStorageSOPInstanceUID))
            self._sent.release()
        # whoever waits for more must not wait for ever
        for _ in self._files:
            self._sent.release()
        association.abort()


@pytest.mark.req("PACS-01")
def test_what_was_acknowledged_is_there_once_after_every_kill(
    module_database: Database, installation: Installation, tmp_path: Path, full_size: bool
) -> None:
    draw = random.Random(5)
    lots = [objects.saved(tmp_path, *(objects.radiograph() for _ in range(FILES))) for _ in range(SENDERS)]
    acknowledged: set[str] = set()
    current = installation.settings.model_copy(update={"port_base": free_port_base()})
    _config.STORE_SEND_CHUNKED_DATASET = True
    try:
        for _ in range(100 if full_size else 3):
            sent = threading.Semaphore(0)
            with gateway_process(module_database, installation, current) as process:
                senders = [Sender(current, files, sent) for files in lots]
                for sender in senders:
                    sender.start()
                for _ in range(draw.randint(1, SENDERS * FILES - 2)):
                    assert sent.acquire(timeout=120)
                process.kill()
                for sender in senders:
                    sender.join(120)
                    acknowledged |= sender.acknowledged
    finally:
        _config.STORE_SEND_CHUNKED_DATASET = False
    with module_database.engine("app").connect() as connection:
        rows = connection.execute(text("select sop_uid, path, sha256 from imaging.instance")).all()
        conflicts = connection.execute(text("select count(*) from imaging.instance_conflict")).scalar_one()
        counted = connection.execute(text("select coalesce(sum(instance_count), 0) from imaging.study")).scalar_one()
    stored = {uid for uid, _path, _sha256 in rows}
    assert acknowledged and acknowledged <= stored
    assert len(rows) == len(stored) == counted and conflicts == 0
    for _uid, path, sha256 in rows:
        assert sha256_of(installation.settings.images_dir / path) == sha256


@pytest.mark.req("PACS-01")
def test_a_report_that_was_owed_is_told_after_a_kill(module_database: Database, installation: Installation) -> None:
    back, current = free_port_base(), installation.settings.model_copy(update={"port_base": free_port_base()})
    stations = {"SAULYQ_DICOM_PEERS": f"BACK=127.0.0.1:{back}"}
    device, made = Modality("BACK"), objects.radiograph()
    owed = "select attempts from imaging.commitment_report"

    def attempts() -> list[int]:
        with module_database.engine("app").connect() as connection:
            return list(connection.execute(text(owed)).scalars())

    with gateway_process(module_database, installation, current, **stations):
        association = device.calls(current.dicom_port, hears=False)
        assert association.send_c_store(made).Status == 0x0000
        assert asks(association, made) == 0x0000
        # nobody listens where the device can be called
        wait_until(lambda: attempts() == [1])
        association.abort()
    assert attempts() == [1]
    listener = device.entity.start_server(("127.0.0.1", back), block=False, evt_handlers=device.handlers)
    try:
        with gateway_process(module_database, installation, current, **stations):
            kind, report = device.reports.get(timeout=60)
            assert kind == 1
            assert [each.ReferencedSOPInstanceUID for each in report.ReferencedSOPSequence] == [made.SOPInstanceUID]
            wait_until(lambda: attempts() == [])
    finally:
        listener.shutdown()
