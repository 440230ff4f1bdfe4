"""Images received a second, beside Orthanc receiving the same objects on the same machine in the same run.

CT slices of 512 KB over 8 associations, sent by dcmtk's storescu. The gateway answers when the file is synced and its
row committed. One slice for every fifty people of --people: 2,500,000 are 50,000 slices, 26 GB. They are made, sent and
removed in lots of 2,000, so that the disk holds what was received and one lot; the rate of each tenth shows whether a
full archive is slower than an empty one. Needs dcmtk; without Orthanc the comparison is left out and the line says so.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import psycopg
from _installation import Installation, installation
from _report import ROOT, Benchmark, at_least, at_most
from pydicom import FileMetaDataset
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

ASSOCIATIONS = 8
PEOPLE_A_SLICE = 50
SLICES_A_SERIES = 100
A_LOT = 2_000
SPARE_GB = 5
SIZE = 512
CT = "1.2.840.10008.5.1.4.1.1.2"


def main() -> None:
    run = Benchmark("dicom", __doc__ or "")
    count = max(ASSOCIATIONS * 4, run.people // PEOPLE_A_SLICE)
    if shutil.which("storescu") is None:
        sys.exit("benchmark: storescu of dcmtk is not installed")
    with tempfile.TemporaryDirectory(prefix="saulyq-bench-dicom-") as folder:
        objects = Objects(Path(folder), count)
        room = shutil.disk_usage(folder).free - SPARE_GB * 10**9
        if objects.size > room:
            sys.exit(f"benchmark: {count} slices need {objects.size >> 30} GB, the disk has room for {room >> 30}")
        with installation() as made:
            _migrate()
            run.say(f"the gateway receives {count} slices")
            ours = received_by_gateway(made, objects)
        run.say("Orthanc receives")
        theirs = received_by_orthanc(objects, Path(folder))
    first, last = ours.tenths[0], ours.tenths[-1]
    aims: dict[str, dict[str, object]] = {
        "memory_mb": at_most(ours.memory_mb, 300),
        "last_tenth_of_first": at_least(round(last / first, 2), 0.9),
    }
    if theirs is not None:
        aims["beside_orthanc"] = at_least(round(theirs / ours.seconds, 2), 1.5)
    run.finish(
        aims,
        objects=count,
        associations=ASSOCIATIONS,
        instances_per_second=round(count / ours.seconds, 1),
        mb_per_second=round(count * objects.bytes / ours.seconds / 1e6, 1),
        tenths_per_second=ours.tenths,
        stored=ours.stored,
        orthanc=None if theirs is None else {"instances_per_second": round(count / theirs, 1)},
        orthanc_absent=theirs is None,
    )


@dataclass(frozen=True, slots=True)
class Reception:
    """What one archive did with all objects."""

    seconds: float
    tenths: list[float]
    """Instances a second of each tenth, as far as lots divide it."""
    memory_mb: float
    stored: int


def _migrate() -> None:
    done = subprocess.run([sys.executable, "-m", "saulyq.cli", "db", "migrate"], cwd=ROOT, capture_output=True)
    if done.returncode != 0:
        sys.exit("benchmark: saulyq db migrate failed")


class Objects:
    """The slices, the same ones for whoever receives them."""

    bytes = SIZE * SIZE * 2

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._pixels = np.random.default_rng(1).integers(0, 4000, (SIZE, SIZE), dtype=np.uint16).tobytes()

    @property
    def size(self) -> int:
        """Bytes of all of them as an archive keeps them, and of one lot."""
        return (self._count + A_LOT) * (self.bytes + 2048)

    def sent(self, port: int, title: str) -> list[tuple[int, float]]:
        """Send all of them lot by lot; how many and in how many seconds."""
        rates = []
        a_lot = min(A_LOT, max(ASSOCIATIONS, self._count // 10))
        for first in range(0, self._count, a_lot):
            numbers = range(first, min(first + a_lot, self._count))
            files = [self._file(number) for number in numbers]
            rates.append((len(files), sent([files[each::ASSOCIATIONS] for each in range(ASSOCIATIONS)], port, title)))
            for file in files:
                file.unlink()
        return rates

    def _file(self, number: int) -> Path:
        series, place = divmod(number, SLICES_A_SERIES)
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        made.SOPClassUID, made.SOPInstanceUID = CT, generate_uid(entropy_srcs=["instance", str(number)])
        made.StudyInstanceUID = generate_uid(entropy_srcs=["study", str(series)])
        made.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(series)])
        made.StudyDate, made.StudyTime, made.Modality = "20261120", "101500", "CT"
        made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "BENCH", "BENCH", "", ""
        made.SeriesNumber, made.InstanceNumber = 1, place + 1
        made.Rows = made.Columns = SIZE
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.BitsAllocated = made.BitsStored = 16
        made.HighBit, made.PixelRepresentation = 15, 0
        made.PixelData = self._pixels
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CT, made.SOPInstanceUID
        path = self._folder / f"{number}.dcm"
        made.save_as(path, enforce_file_format=True)
        return path


def tenths(rates: Sequence[tuple[int, float]]) -> list[float]:
    """Instances a second of ten parts, in their order; fewer where there are fewer lots."""
    parts = min(10, len(rates))
    cut = [rates[len(rates) * each // parts : len(rates) * (each + 1) // parts] for each in range(parts)]
    return [round(sum(number for number, _ in part) / sum(took for _, took in part), 1) for part in cut]


def received_by_gateway(made: Installation, objects: Objects) -> Reception:
    """Until everything is acknowledged, with the gateway's largest memory."""
    current = made.settings
    process = subprocess.Popen([sys.executable, "-m", "ingestion.dicom.gateway"], cwd=ROOT, env=os.environ)
    try:
        _wait(current.dicom_port)
        with _memory(process.pid) as memory:
            rates = objects.sent(current.dicom_port, current.dicom_ae_title)
        with psycopg.connect(current.libpq_url("owner")) as connection:
            row = connection.execute("select count(*) from imaging.instance").fetchone()
    finally:
        process.terminate()
        process.wait(30)
    return Reception(sum(took for _, took in rates), tenths(rates), max(memory) / 1e6, int(row[0]) if row else 0)


def received_by_orthanc(objects: Objects, folder: Path) -> float | None:
    """Seconds Orthanc takes, or None where it is not installed."""
    program = shutil.which("Orthanc")
    if program is None:
        return None
    ports = [_free_port(), _free_port()]
    home = folder / "orthanc"
    home.mkdir()
    (folder / "orthanc.json").write_text(
        json.dumps(
            {
                "StorageDirectory": str(home),
                "IndexDirectory": str(home),
                "HttpPort": ports[0],
                "DicomPort": ports[1],
                "DicomAet": "ORTHANC",
                "Plugins": [],
                "RemoteAccessAllowed": False,
            }
        )
    )
    process = subprocess.Popen(
        [program, str(folder / "orthanc.json")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(ports[1])
        return sum(took for _, took in objects.sent(ports[1], "ORTHANC"))
    finally:
        process.terminate()
        process.wait(60)


def sent(lots: Sequence[Sequence[Path]], port: int, title: str) -> float:
    """Seconds until every association has sent its lot."""
    started = time.monotonic()
    senders = [
        subprocess.Popen(
            ["storescu", "-aet", "BENCH", "-aec", title, "127.0.0.1", str(port), *map(str, lot)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for lot in lots
    ]
    # all of them, also when an early one failed
    codes = [sender.wait() for sender in senders]
    if any(codes):
        sys.exit(f"benchmark: {title} did not take everything")
    return time.monotonic() - started


@contextmanager
def _memory(pid: int) -> Iterator[list[int]]:
    """Samples of a process's resident memory."""
    samples, over = [0], threading.Event()

    def watch() -> None:
        process = psutil.Process(pid)
        while not over.wait(0.2):
            samples.append(process.memory_info().rss)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    yield samples
    over.set()
    watching.join()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"benchmark: nothing listens on port {port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
