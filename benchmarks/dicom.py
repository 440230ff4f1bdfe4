"""Images received a second, beside Orthanc receiving the same objects on the same machine in the same run.

CT slices of 512 KB over 8 associations, sent by dcmtk's storescu. The gateway answers when the file is synced and its
row committed. One slice for every fifty people of --people. Needs dcmtk; without Orthanc the comparison is left out
and the line says so.
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
SIZE = 512
CT = "1.2.840.10008.5.1.4.1.1.2"


def main() -> None:
    run = Benchmark("dicom", __doc__ or "")
    count = max(ASSOCIATIONS * 4, run.people // PEOPLE_A_SLICE)
    if shutil.which("storescu") is None:
        sys.exit("benchmark: storescu of dcmtk is not installed")
    with tempfile.TemporaryDirectory(prefix="saulyq-bench-dicom-") as folder:
        run.say(f"{count} slices")
        lots = slices(Path(folder), count)
        size = sum(file.stat().st_size for lot in lots for file in lot)
        with installation() as made:
            _migrate()
            run.say("the gateway receives")
            ours = received_by_gateway(made, lots)
        run.say("Orthanc receives")
        theirs = received_by_orthanc(lots, Path(folder))
    rate = count / ours["seconds"]
    aims: dict[str, dict[str, object]] = {"memory_mb": at_most(ours["memory_mb"], 300)}
    if theirs is not None:
        aims["beside_orthanc"] = at_least(round(theirs / ours["seconds"], 2), 1.5)
    run.finish(
        aims,
        objects=count,
        associations=ASSOCIATIONS,
        instances_per_second=round(rate, 1),
        mb_per_second=round(size / ours["seconds"] / 1e6, 1),
        last_tenth_per_second=round(ours["last_tenth"], 1),
        stored=int(ours["stored"]),
        orthanc=None if theirs is None else {"instances_per_second": round(count / theirs, 1)},
        orthanc_absent=theirs is None,
    )


def _migrate() -> None:
    done = subprocess.run([sys.executable, "-m", "saulyq.cli", "db", "migrate"], cwd=ROOT, capture_output=True)
    if done.returncode != 0:
        sys.exit("benchmark: saulyq db migrate failed")


def slices(folder: Path, count: int) -> list[list[Path]]:
    """The objects, in as many lots as there are associations."""
    pixels = np.random.default_rng(1).integers(0, 4000, (SIZE, SIZE), dtype=np.uint16).tobytes()
    lots: list[list[Path]] = [[] for _ in range(ASSOCIATIONS)]
    series = study = ""
    for number in range(count):
        if number % SLICES_A_SERIES == 0:
            study, series = generate_uid(), generate_uid()
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        made.SOPClassUID, made.SOPInstanceUID = CT, generate_uid()
        made.StudyInstanceUID, made.SeriesInstanceUID = study, series
        made.StudyDate, made.StudyTime, made.Modality = "20261120", "101500", "CT"
        made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "BENCH", "BENCH", "", ""
        made.SeriesNumber, made.InstanceNumber = 1, number % SLICES_A_SERIES + 1
        made.Rows = made.Columns = SIZE
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.BitsAllocated = made.BitsStored = 16
        made.HighBit, made.PixelRepresentation = 15, 0
        made.PixelData = pixels
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CT, made.SOPInstanceUID
        path = folder / f"{number}.dcm"
        made.save_as(path, enforce_file_format=True)
        lots[number % ASSOCIATIONS].append(path)
    return lots


def received_by_gateway(made: Installation, lots: Sequence[Sequence[Path]]) -> dict[str, float]:
    """Seconds until everything is acknowledged, the rate of the last tenth, the gateway's largest memory."""
    current = made.settings
    process = subprocess.Popen([sys.executable, "-m", "ingestion.dicom.gateway"], cwd=ROOT, env=os.environ)
    try:
        _wait(current.dicom_port)
        with _memory(process.pid) as memory:
            seconds = sent(lots, current.dicom_port, current.dicom_ae_title)
        with psycopg.connect(current.libpq_url("owner")) as connection:
            stored, tail = _stored(connection)
    finally:
        process.terminate()
        process.wait(30)
    return {"seconds": seconds, "memory_mb": max(memory) / 1e6, "stored": stored, "last_tenth": tail}


def _stored(connection: psycopg.Connection) -> tuple[int, float]:
    row = connection.execute("select count(*) from imaging.instance").fetchone()
    count = int(row[0]) if row else 0
    last = connection.execute(
        "select extract(epoch from max(received_at) - min(received_at)) from"
        " (select received_at from imaging.instance order by received_at desc limit %s) late",
        (max(2, count // 10),),
    ).fetchone()
    return count, max(2, count // 10) / float(last[0]) if last and last[0] else 0.0


def received_by_orthanc(lots: Sequence[Sequence[Path]], folder: Path) -> float | None:
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
        return sent(lots, ports[1], "ORTHANC")
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
