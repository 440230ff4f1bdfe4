"""A sender of HL7 messages over a socket, and a gateway to send them to; shares no code with the gateway."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ingestion.archive import Archive
from ingestion.hl7.gateway import Gateway
from tests.installation import ROOT, Database, free_port_base


class Sender:
    """One connection."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None):
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket = context.wrap_socket(plain, server_hostname="localhost") if context else plain
        self.buffer = b""

    def send(self, message: bytes | str) -> bytes:
        """Send one message in a frame and give the answer without its frame."""
        self.write(message)
        return self.answer()

    def write(self, message: bytes | str) -> None:
        body = message if isinstance(message, bytes) else message.encode()
        self.socket.sendall(b"\x0b" + body + b"\x1c\r")

    def answer(self, seconds: float = 20) -> bytes:
        """The next frame."""
        self.socket.settimeout(seconds)
        while b"\x1c\r" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed by the gateway")
            self.buffer += data
        frame, _, self.buffer = self.buffer.partition(b"\x1c\r")
        assert frame[:1] == b"\x0b", frame
        return frame[1:]

    def is_silent(self, seconds: float = 0.5) -> bool:
        """Whether nothing comes back."""
        try:
            self.answer(seconds)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self.socket.close()


@dataclass(frozen=True)
class Answer:
    """An acknowledgement taken apart by a plain split."""

    segments: list[list[str]]

    @classmethod
    def of(cls, raw: bytes) -> Answer:
        lines = [line for line in raw.decode("utf-8", "replace").split("\r") if line]
        # an answer says itself what divides its fields
        return cls([line.split(lines[0][3]) for line in lines])

    def segment(self, name: str) -> list[str]:
        return next((each for each in self.segments if each[0] == name), [])

    @property
    def code(self) -> str:
        return self.segment("MSA")[1]

    @property
    def control_id(self) -> str:
        told = self.segment("MSA")
        return told[2] if len(told) > 2 else ""


def ask(port: int, message: bytes | str) -> Answer:
    """Send one message over a connection of its own."""
    sender = Sender(port)
    try:
        return Answer.of(sender.send(message))
    finally:
        sender.close()


@contextmanager
def gateway(database: Database, context: ssl.SSLContext | None = None, **settings: float) -> Iterator[int]:
    """A gateway in a thread of this process; gives its port."""
    archive = Archive(database.libpq("app"))
    port = free_port_base()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def serve() -> None:
        made = Gateway(archive, **settings)
        server = await asyncio.start_server(made.connected, "127.0.0.1", port, ssl=context)
        ready.set()
        async with server:
            try:
                await server.serve_forever()
            except asyncio.CancelledError:
                await made.close()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(task)

    task = loop.create_task(serve())
    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(20)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)
        loop.close()
        archive.close()


@contextmanager
def gateway_process(database: Database, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A gateway in a process of its own that can be killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ingestion.hl7.mllp", database.libpq("app"), str(port)], cwd=ROOT
    )
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait(30)


if __name__ == "__main__":

    async def _serve(url: str, port: int) -> None:
        server = await asyncio.start_server(Gateway(Archive(url)).connected, "127.0.0.1", port)
        async with server:
            await server.serve_forever()

    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
