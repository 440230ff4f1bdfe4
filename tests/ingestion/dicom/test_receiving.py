"""Objects as the bytes of the protocol: however they are divided, whatever interrupts them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, build_context
from pynetdicom.dsutils import encode
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification

from tests.ingestion.dicom import objects
from tests.ingestion.dicom.conftest import Gateway

ECHO, FIND = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
CONTEXTS = (objects.CR, ECHO, FIND)
ACCEPT, DATA, RELEASE, RELEASED, ABORT = 0x02, 0x04, 0x05, 0x06, 0x07


class Line:
    """A connection on which a test says every byte itself."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def say(self, kind: int, body: bytes) -> None:
        self.connection.sendall(struct.pack(">BBL", kind, 0, len(body)) + body)

    def heard(self) -> tuple[int, bytes]:
        """The next PDU; type 0 when the connection is closed."""
        head = self._read(6)
        if len(head) < 6:
            return 0, b""
        kind, length = struct.unpack(">BxL", head)
        return kind, self._read(length)

    def status(self) -> int:
        """The status of the next response."""
        kind, body = self.heard()
        assert kind == DATA
        at = body.index(b"\x00\x00\x00\x09\x02\x00\x00\x00")
        return int(struct.unpack("<H", body[at + 8 : at + 10])[0])

    def _read(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = self.connection.recv(count - len(found))
            if not more:
                break
            found += more
        return found


@contextmanager
def line(gateway: Gateway, largest: int = 16_384) -> Iterator[Line]:
    """An association for storage, verification and query."""
    asked = A_ASSOCIATE()
    asked.application_context_name = "1.2.840.10008.3.1.1.1"
    asked.calling_ae_title, asked.called_ae_title = "CT1", "SAULYQ"
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, implementation.implementation_class_uid = largest, "1.2.3.4"
    asked.user_information = [length, implementation]
    contexts = [build_context(each, ExplicitVRLittleEndian) for each in CONTEXTS]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
    asked.presentation_context_definition_list = contexts
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(asked)
    with socket.create_connection(("127.0.0.1", gateway.settings.dicom_port), timeout=30) as connection:
        made = Line(connection)
        connection.sendall(pdu.encode())
        assert made.heard()[0] == ACCEPT
        yield made


def value(content: bytes, control: int, context: int = 1) -> bytes:
    return struct.pack(">LBB", len(content) + 2, context, control) + content


def command(sop_class: str, uid: str, field: int = 0x0001, data: int = 0x0000) -> bytes:
    said = Dataset()
    said.AffectedSOPClassUID, said.CommandField, said.MessageID, said.CommandDataSetType = sop_class, field, 7, data
    if field == 0x0001:
        said.Priority, said.AffectedSOPInstanceUID = 0, uid
    body = encode(said, True, True) or b""
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def content_of(made: Dataset) -> bytes:
    found = Dataset(made)
    return encode(found, False, True) or b""


def stored(gateway: Gateway, made: Dataset) -> list[str]:
    return [
        row[0]
        for row in gateway.rows("select path from imaging.instance where sop_uid = :uid", uid=made.SOPInstanceUID)
    ]


@pytest.mark.req("PACS-01")
def test_an_object_may_come_in_fragments_of_any_size(gateway: Gateway) -> None:
    made = objects.radiograph()
    asked, content = command(objects.CR, made.SOPInstanceUID), content_of(made)
    with line(gateway) as said:
        # the command in three PDUs, the data set in pieces of 1000 bytes, three to a PDU
        said.say(DATA, value(asked[:10], 0x01))
        said.say(DATA, value(asked[10:50], 0x01))
        said.say(DATA, value(asked[50:], 0x03))
        pieces = [content[at : at + 1000] for at in range(0, len(content), 1000)]
        for at in range(0, len(pieces), 3):
            three = pieces[at : at + 3]
            last = at + 3 >= len(pieces)
            said.say(DATA, b"".join(value(each, 0x02 * (last and each is three[-1])) for each in three))
        assert said.status() == 0x0000
        said.say(RELEASE, b"\0" * 4)
        assert said.heard()[0] == RELEASED
    (path,) = stored(gateway, made)
    assert dcmread(gateway.settings.images_dir / path).PixelData == made.PixelData


def test_everything_of_an_object_may_stand_in_one_pdu_and_the_answer_in_small_ones(gateway: Gateway) -> None:
    made = objects.radiograph()
    with line(gateway, largest=64) as said:
        said.say(DATA, value(command(objects.CR, made.SOPInstanceUID), 0x03) + value(content_of(made), 0x02))
        answer = b""
        while True:
            kind, body = said.heard()
            assert kind == DATA and len(body) <= 64
            answer += body[6:]
            if body[5] & 2:
                break
        assert b"\x00\x00\x00\x09\x02\x00\x00\x00\x00\x00" in answer
    assert stored(gateway, made)


def test_other_services_are_served_between_two_objects(gateway: Gateway) -> None:
    first, second = objects.radiograph(), objects.radiograph()
    with line(gateway) as said:
        for made in (first, second):
            said.say(DATA, value(command(objects.CR, made.SOPInstanceUID), 0x03))
            said.say(DATA, value(content_of(made), 0x02))
            assert said.status() == 0x0000
            asked = command(ECHO, "", field=0x0030, data=0x0101)
            # in two fragments, which have to be given on whole
            said.say(DATA, value(asked[:20], 0x01, 3))
            said.say(DATA, value(asked[20:], 0x03, 3))
            assert said.status() == 0x0000
    assert stored(gateway, first) and stored(gateway, second)


def test_an_object_in_the_context_of_another_service_is_refused_and_the_next_one_stored(gateway: Gateway) -> None:
    wrong, right = objects.radiograph(), objects.radiograph()
    with line(gateway) as said:
        said.say(DATA, value(command(objects.CR, wrong.SOPInstanceUID), 0x03, 5))
        said.say(DATA, value(content_of(wrong), 0x02, 5))
        assert said.status() == 0x0122
        said.say(DATA, value(command(objects.CR, right.SOPInstanceUID), 0x03))
        said.say(DATA, value(content_of(right), 0x02))
        assert said.status() == 0x0000
    assert not stored(gateway, wrong) and stored(gateway, right)


@pytest.mark.parametrize(
    "broken",
    [
        value(b"x" * 20, 0x00, 99),
        value(b"x" * 20, 0x03),
        struct.pack(">LBB", 500, 1, 0) + b"x",
        value(b"x" * 20, 0x02) + value(b"y", 0x00),
    ],
)
def test_what_breaks_the_protocol_inside_an_object_is_aborted(gateway: Gateway, broken: bytes) -> None:
    made = objects.radiograph()
    with line(gateway) as said:
        said.say(DATA, value(command(objects.CR, made.SOPInstanceUID), 0x03))
        said.say(DATA, broken)
        assert said.heard()[0] == ABORT
    assert not stored(gateway, made)


@pytest.mark.parametrize("ends", ["aborts", "leaves"])
def test_half_an_object_leaves_nothing(gateway: Gateway, ends: str) -> None:
    made = objects.radiograph()
    with line(gateway) as said:
        said.say(DATA, value(command(objects.CR, made.SOPInstanceUID), 0x03))
        said.say(DATA, value(content_of(made)[:3000], 0x00))
        if ends == "aborts":
            said.say(ABORT, b"\0" * 4)
            assert said.heard()[0] == 0
        else:
            said.connection.shutdown(socket.SHUT_WR)
            while said.heard()[0]:
                pass
    assert not stored(gateway, made)
    assert list((gateway.settings.images_dir / "incoming").rglob("*.dcm")) == []


def test_a_client_of_pynetdicom_stores_and_verifies_over_one_association(gateway: Gateway) -> None:
    entity = AE("CT1")
    entity.add_requested_context(objects.CR, ExplicitVRLittleEndian)
    entity.add_requested_context(ECHO)
    association = entity.associate("127.0.0.1", gateway.settings.dicom_port, ae_title="SAULYQ")
    assert association.send_c_store(objects.radiograph()).Status == 0x0000
    assert association.send_c_echo().Status == 0x0000
    assert association.send_c_store(objects.radiograph()).Status == 0x0000
    association.release()
    assert association.is_released
