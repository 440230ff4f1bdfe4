"""Damaged objects are answered, and what was acknowledged outlives the gateway."""

from __future__ import annotations

import gc
import io
import logging
import os
import random
import socket
import struct
import time
import zlib
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path

import psutil
import pytest
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileDataset
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from ingestion.dicom.server import MOST_SILENT
from ops_app.modules.imaging.elements import Unreadable, dataset_offset
from ops_app.modules.imaging.filing import sha256_of
from ops_app.modules.imaging.header import read
from tests.ingestion.dicom import objects
from tests.ingestion.dicom.conftest import Gateway

ANSWERS = {0x0000, 0xB007, 0xA900, 0xC000, None}


def mutated(draw: random.Random, content: bytes, start: int) -> bytes:
    """The same bytes with a few of the data set's changed, cut out or doubled."""
    made = bytearray(content)
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(start, max(start + 1, min(len(made), start + 1500)))
        kind = draw.randrange(4)
        if kind == 0:
            made[at : at + 1] = bytes([draw.randrange(256)])
        elif kind == 1:
            made[at : at + 4] = b"\xff\xff\xff\xff"
        elif kind == 2:
            del made[at : at + draw.randint(1, 64)]
        else:
            made[at:at] = made[start : start + draw.randint(1, 64)]
    return bytes(made)


@pytest.mark.req("PACS-01")
def test_damaged_objects_get_an_answer_and_harm_nothing(gateway: Gateway, tmp_path: Path, full_size: bool) -> None:
    draw = random.Random(20261122)
    kinds = objects.saved(
        tmp_path, objects.ct_slice(), objects.multi_frame(), objects.ecg(), objects.report(), objects.radiograph()
    )
    sources = [(path.read_bytes(), dataset_offset(path)) for path in kinds]
    damaged = []
    for number in range(10_000 if full_size else 200):
        content, start = draw.choice(sources)
        path = tmp_path / f"damaged{number}.dcm"
        path.write_bytes(mutated(draw, content, start))
        damaged.append(path)
    # what a log says of thousands would be kept by the test's own reader of logs
    logging.getLogger("ingestion.dicom").setLevel(logging.ERROR)
    answers = gateway.stream(*damaged[:100])
    gc.collect()
    before = psutil.Process().memory_info().rss
    # in portions: the sender keeps the head of every file that it is about to send
    for start in range(100, len(damaged), 500):
        answers |= gateway.stream(*damaged[start : start + 500])
    gc.collect()
    assert len(answers) == len(damaged) and set(answers.values()) <= ANSWERS
    assert 0xC000 in answers.values() and 0x0000 in answers.values()
    assert psutil.Process().memory_info().rss - before < 100_000_000
    # it still stores
    assert list(gateway.stream(*objects.saved(tmp_path, objects.radiograph())).values()) == [0x0000]
    for path, sha256 in gateway.rows("select path, sha256 from imaging.instance"):
        assert sha256_of(gateway.settings.images_dir / path) == sha256


def deflated(path: Path, made: FileDataset, more: Iterable[bytes]) -> Path:
    """A deflated object followed by as many pieces as there are, written without holding them."""
    plain = io.BytesIO()
    dcmwrite(plain, Dataset(made), implicit_vr=False, little_endian=True)
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    with path.open("wb") as file:
        file.write(b"\0" * 128 + b"DICM")
        write_file_meta_info(file, made.file_meta, enforce_standard=True)
        file.write(packer.compress(plain.getvalue()))
        for piece in more:
            file.write(packer.compress(piece))
        file.write(packer.flush())
    return path


def test_an_object_that_unpacks_to_a_gigabyte_is_refused_at_once(gateway: Gateway, tmp_path: Path) -> None:
    # one element of a gigabyte, a megabyte on the wire
    head = struct.pack("<HH2sHL", 0x7FE1, 0x1010, b"OB", 0, 1 << 30)
    bomb = deflated(tmp_path / "bomb.dcm", objects.report(), (head, *repeat(b"\0" * (1 << 20), 1 << 10)))
    # sixteen megabytes of elements of eight bytes each, which once took hours
    crumb = struct.pack("<HH2sH", 0x7FE1, 0x1010, b"LO", 0)
    crumbs = deflated(tmp_path / "crumbs.dcm", objects.report(), repeat(crumb * (1 << 17), 16))
    good = deflated(tmp_path / "good.dcm", objects.report(), ())
    assert bomb.stat().st_size < 2_000_000
    began = time.monotonic()
    answers = gateway.stream(bomb, crumbs, good)
    assert list(answers.values()) == [0xC000, 0x0000, 0x0000]
    assert time.monotonic() - began < 60


def test_a_header_that_is_no_dicom_is_said_to_be_none(tmp_path: Path) -> None:
    for content in (b"", b"x", b"\0" * 400, b"\0" * 128 + b"DICM", os.urandom(3000)):
        path = tmp_path / "file"
        path.write_bytes(content)
        with pytest.raises(Unreadable):
            read(path)


def test_connections_that_never_ask_for_an_association_lock_nobody_out(gateway: Gateway, tmp_path: Path) -> None:
    place = ("127.0.0.1", gateway.settings.dicom_port)
    idle = []
    for number in range(2 * MOST_SILENT):
        idle.append(socket.create_connection(place, 20, ("127.0.0.3", 0)))
        # every third begins to ask (PS3.8 section 9.3.2) and then lets wait
        if number % 3 == 0:
            idle[-1].sendall(b"\x01\x00\x00\x00\x01\x00" + b"\x00\x01")
    made = objects.radiograph()
    gateway.send(*objects.saved(tmp_path, made))
    assert gateway.rows("select 1 from imaging.instance where sop_uid = :uid", uid=str(made.SOPInstanceUID)) == [(1,)]
    # the oldest of the greedy one were closed
    assert idle[0].recv(64) == b""
    for each in idle:
        each.close()
