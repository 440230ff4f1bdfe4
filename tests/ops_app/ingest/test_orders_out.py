"""Orders for laboratories outside: written once, sent over MLLP, refused ones kept for a person."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import hl7
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.outbox import delivery
from ops_app.mechanisms.outbox.models import Attempt, Message, SystemState
from ops_app.modules.ingest.orders_out import SYSTEM, put_orders
from ops_app.modules.laboratory.models import LabOrder, OrderService, Service, Specimen
from ops_app.modules.organizations.models import Organization
from tests.installation import Database
from tests.ops_app.clinic import Clinic

count = iter(range(1_000_000))


@contextmanager
def laboratory(code: str) -> Iterator[tuple[int, list[str]]]:
    """A system that acknowledges every message with one code, over MLLP, written here by hand."""
    listening = socket.create_server(("127.0.0.1", 0))
    seen: list[str] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                data = b""
                while not data.endswith(b"\x1c\r"):
                    if not (more := connection.recv(65536)):
                        break
                    data += more
                else:
                    text = data.strip(b"\x0b\x1c\r").decode()
                    seen.append(text)
                    number = text.split("|")[9]
                    connection.sendall(f"\x0bMSH|^~\\&|EXT||||1||ACK|1|P|2.5.1\rMSA|{code}|{number}\r\x1c\r".encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], seen
    finally:
        # closing alone would leave the port open until the next connection
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


@pytest.fixture
def order(clinic: Clinic) -> str:
    """An order of one service with its tube, to a laboratory that does not use this installation."""
    person = clinic.register(family_name="Әбдіқадырова")
    number = f"{next(count):010d}"
    with clinic.session() as session:
        outside = Organization(
            kind="organization",
            parent_id=clinic.tree["region"],
            organization_type="polyclinic",
            name_kk="Сыртқы",
            name_ru=f"Внешняя {number}",
            name_en="Outside",
            sort_key="outside",
            is_external=True,
        )
        service = Service(
            code=f"B02.{number}",
            title_kk="Қан",
            title_ru="Общий анализ | крови",
            title_en="Blood count",
            specimen_type="blood_edta",
            container="violet",
            turnaround_minutes=60,
            urgent_minutes=30,
        )
        session.add_all([outside, service])
        session.flush()
        made = LabOrder(
            order_number=number,
            patient_id=person.id,
            organization_id=clinic.tree["hospital"],
            laboratory_id=outside.id,
            ordered_at=clock.now(),
            priority="urgent",
        )
        session.add(made)
        session.flush()
        tube = Specimen(order_id=made.id, barcode=f"{number}01", specimen_type="blood_edta", container="violet")
        session.add(tube)
        session.flush()
        session.add(OrderService(order_id=made.id, service_id=service.id, specimen_id=tube.id))
        session.merge(SystemState(name=SYSTEM, is_on=True, is_ready=True))
    return number


def send(database: Database, number: str) -> Message:
    engine = database.engine("app")
    with Session(engine) as session, session.begin():
        put_orders(session)
        put_orders(session)
    with Session(engine) as session:
        found = session.scalars(select(Message).where(Message.message_key == f"order:{number}")).one()
    delivery.deliver(engine, found.id, lambda session, message: None, lambda session, system: None)
    with Session(engine, expire_on_commit=False) as session:
        return session.get_one(Message, found.id)


@pytest.mark.req("INT-LIS-01")
def test_an_order_goes_to_the_laboratory_once(
    clinic: Clinic, module_database: Database, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with laboratory("CA") as (port, seen):
        monkeypatch.setenv("SAULYQ_REGISTRY_EXTERNAL_LABORATORY_ADDRESS", f"127.0.0.1:{port}")
        assert send(module_database, order).state == "delivered"
        assert send(module_database, order).state == "delivered"
    assert len(seen) == 1
    read = hl7.parse(seen[0])
    assert str(read.segment("MSH")[9]) == "OML^O21^OML_O21"
    assert str(read.segment("PID")[5]).startswith("Әбдіқадырова^")
    assert str(read.segment("PID")[3]).endswith("^^^IIN^NI")
    assert str(read.segment("ORC")[2]) == order
    assert str(read.segment("ORC")[7]) == "^^^^^A"
    assert read.unescape(str(read.segment("OBR")[4][0][1])) == "Общий анализ | крови"
    assert str(read.segment("SPM")[2]) == f"{order}01"


def test_a_refusal_waits_for_a_person_and_a_rejection_is_repeated(
    clinic: Clinic, module_database: Database, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with laboratory("AR") as (port, _seen):
        monkeypatch.setenv("SAULYQ_REGISTRY_EXTERNAL_LABORATORY_ADDRESS", f"127.0.0.1:{port}")
        message = send(module_database, order)
        assert (message.state, message.attempts) == ("queued", 1)
    with laboratory("AE") as (port, _seen), clinic.session() as session:
        monkeypatch.setenv("SAULYQ_REGISTRY_EXTERNAL_LABORATORY_ADDRESS", f"127.0.0.1:{port}")
        session.get_one(Message, message.id).next_attempt_at = clock.now()
        session.commit()
        assert send(module_database, order).state == "dead"
        last = session.scalars(select(Attempt).where(Attempt.message_id == message.id).order_by(Attempt.id)).all()[-1]
        assert (last.result, last.status) == ("refused", "AE")


@contextmanager
def portal(answers: list[tuple[int, str]]) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """A laboratory behind an address: each request gets the next status and acknowledgement code."""
    seen: list[tuple[str, str, str]] = []

    class Portal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["content-length"])).decode()
            seen.append((self.headers["content-type"], self.headers["authorization"], text))
            status, code = answers.pop(0)
            number = text.split("|")[9]
            said = f"MSH|^~\\&|EXT||||1||ACK|1|P|2.5.1\rMSA|{code}|{number}\r" if code else "<html>"
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/orders", seen
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.req("INT-LIS-01")
def test_a_laboratory_behind_an_address_gets_the_same_order(
    clinic: Clinic, module_database: Database, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal([(502, ""), (200, ""), (200, "AA")]) as (address, seen):
        monkeypatch.setenv("SAULYQ_REGISTRY_EXTERNAL_LABORATORY_URL", address)
        monkeypatch.setenv("SAULYQ_REGISTRY_EXTERNAL_LABORATORY_TOKEN", "of-the-laboratory")
        for state in ("queued", "queued", "delivered"):
            message = send(module_database, order)
            assert message.state == state
            with clinic.session() as session:
                session.get_one(Message, message.id).next_attempt_at = clock.now()
    assert len(seen) == 3
    kind, token, text = seen[-1]
    assert (kind, token) == ("application/hl7-v2; charset=UTF-8", "Bearer of-the-laboratory")
    assert str(hl7.parse(text).segment("ORC")[2]) == order


def test_nobody_listening_costs_the_order_no_attempt(
    clinic: Clinic, module_database: Database, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with laboratory("AA") as (port, _seen):
        pass
    monkeypatch.setenv("SAULYQ_REGISTRY_EXTERNAL_LABORATORY_ADDRESS", f"127.0.0.1:{port}")
    message = send(module_database, order)
    assert (message.state, message.attempts) == ("queued", 0)
