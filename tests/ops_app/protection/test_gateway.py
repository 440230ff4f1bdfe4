"""The single gateway to the internet: everything that leaves goes by it, and nothing when it is away."""

from __future__ import annotations

import datetime as dt
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller

from ops_app.mechanisms.notifications.channels import Email, Letter
from ops_app.mechanisms.outbox.adapter import NotReady, Parcel, adapter_of
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.mechanisms.signature.outside import verifier
from ops_app.mechanisms.signature.time_stamp import ask
from ops_app.mechanisms.signature.verdict import Refused
from saulyq.settings import Settings
from tests.ingestion.hl7.certificate import make_certificate
from tests.installation import free_port_base
from tests.ops_app.protection.conftest import SetUp
from tests.ops_app.protection.proxy import Gateway, gateway

OUTSIDE = "127.0.0.2"
"""Another address of this machine: reachable directly, so that a way around the gateway would be found."""
ORDER = "MSH|^~\\&|A|B|C|D|20261122||ORM^O01|42|P|2.5.1\r"
PARCEL = Parcel("key-1", "order", {"hl7": ORDER}, "0", dt.datetime.now(dt.UTC))


@pytest.fixture
def passing(set_up: SetUp) -> Iterator[Gateway]:
    with gateway() as made:
        set_up(GATEWAY_URL=made.url)
        yield made


@contextmanager
def web(folder: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server outside, with TLS when it has a folder for its certificate; yields its address and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            # a gateway passes on the whole address
            asked.append(urlsplit(self.path).path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"valid": true}')

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer((OUTSIDE, 0), Handler)
    if folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*make_certificate(folder))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"{'https' if folder else 'http'}://{OUTSIDE}:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def laboratory() -> Iterator[int]:
    """Somebody who acknowledges one HL7 message over MLLP; yields the port."""
    listener = socket.create_server((OUTSIDE, 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"\x0bMSH|^~\\&|C|D|A|B|20261122||ACK|1|P|2.5.1\rMSA|AA|42\r\x1c\r")

    threading.Thread(target=answer, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


class Mailbox:
    """A mail server that takes letters."""

    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.taken += 1
        return "250 taken"


@pytest.fixture
def mail(set_up: SetUp) -> Iterator[Mailbox]:
    box, port = Mailbox(), free_port_base()
    controller = Controller(box, hostname=OUTSIDE, port=port)
    controller.start()
    set_up(SMTP_HOST=OUTSIDE, SMTP_PORT=str(port), SMTP_SECURITY="none", SMTP_FROM="saulyq@example.kz")
    yield box
    controller.stop()


@pytest.mark.req("IAM-13")
def test_nothing_goes_around_a_gateway_that_is_away(
    set_up: SetUp, mail: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        set_up(GATEWAY_URL=f"http://127.0.0.1:{closed.getsockname()[1]}")
        with web(tmp_path) as (safe, messages), web() as (plain, questions), laboratory() as port:
            monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_URL", safe)
            monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_CA", str(tmp_path / "certificate.pem"))
            monkeypatch.setenv("SAULYQ_REGISTRY_EXTERNAL_LABORATORY_ADDRESS", f"{OUTSIDE}:{port}")
            for system in ("authorised_body", "external_laboratory"):
                adapter = adapter_of(systems()[system])
                assert adapter.configured()
                with pytest.raises(NotReady):
                    adapter.send(PARCEL)
            with pytest.raises(Refused):
                verifier(plain)("/cms/verify", {})
            assert ask(f"{plain}/tsp", b"signature") is None
            with pytest.raises(OSError):
                Email().send(Letter(1, "a@example.kz", "s", "t"))
            assert messages == questions == []
            assert mail.taken == 0


@pytest.mark.req("IAM-13")
def test_messages_signature_services_and_letters_go_by_the_gateway(
    passing: Gateway, mail: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web(tmp_path) as (safe, messages), web() as (plain, questions), laboratory() as port:
        monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_URL", safe)
        monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_CA", str(tmp_path / "certificate.pem"))
        monkeypatch.setenv("SAULYQ_REGISTRY_EXTERNAL_LABORATORY_ADDRESS", f"{OUTSIDE}:{port}")
        for system in ("authorised_body", "external_laboratory"):
            adapter = adapter_of(systems()[system])
            adapter.send(PARCEL)
            adapter.close()
        assert verifier(plain)("/cms/verify", {}) is True
        ask(f"{plain}/tsp", b"signature")
        Email().send(Letter(1, "a@example.kz", "s", "t"))
        assert (len(messages), questions, mail.taken) == (1, ["/cms/verify", "/tsp"], 1)
        assert passing.passed == [
            f"CONNECT {safe.removeprefix('https://')}",
            f"CONNECT {OUTSIDE}:{port}",
            f"POST {plain}/cms/verify",
            f"POST {plain}/tsp",
            f"CONNECT {OUTSIDE}:{Email().port}",
        ]


def test_a_gateway_that_refuses_is_no_connection(set_up: SetUp, mail: Mailbox) -> None:
    with web() as (address, _asked):
        # a server that knows no CONNECT answers 501
        set_up(GATEWAY_URL=address)
        with pytest.raises((OSError, smtplib.SMTPException), match="refused"):
            Email().send(Letter(1, "a@example.kz", "s", "t"))


def test_the_own_network_is_named_and_reached_directly(passing: Gateway, set_up: SetUp) -> None:
    with web() as (plain, questions):
        set_up(GATEWAY_EXCEPT=f"lab.example.kz {OUTSIDE}")
        assert verifier(plain)("/cms/verify", {}) is True
    assert (questions, passing.passed) == (["/cms/verify"], [])


@pytest.mark.parametrize("address", ["10.0.0.1:3128", "https://gateway", "http://gateway/path", "http://"])
def test_an_address_that_is_no_gateway_ends_the_start(address: str) -> None:
    with pytest.raises(ValueError, match="gateway_url"):
        Settings(gateway_url=address)
