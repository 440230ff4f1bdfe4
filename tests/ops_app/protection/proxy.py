"""A small gateway on loopback: tunnels and forwards, and remembers what went through it."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Gateway:
    """What passed: ``CONNECT host:port`` or the method and address of a forwarded request."""

    def __init__(self) -> None:
        self.url = ""
        self.passed: list[str] = []


@contextmanager
def gateway() -> Iterator[Gateway]:
    """A gateway that works while the block runs."""
    made = Gateway()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := self.request.recv(1)):
                    return
                head += data
            method, target, _version = head.split(b"\r\n", 1)[0].decode().split(" ")
            made.passed.append(f"{method} {target}")
            address = target if method == "CONNECT" else urlsplit(target).netloc
            host, _, port = address.rpartition(":")
            with socket.create_connection((host, int(port)), 10) as other:
                if method == "CONNECT":
                    self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                else:
                    other.sendall(head)
                back = threading.Thread(target=_copy, args=(other, self.request), daemon=True)
                back.start()
                _copy(self.request, other)
                back.join(10)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
