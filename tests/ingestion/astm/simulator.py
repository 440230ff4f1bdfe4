"""An analyser on a real socket, which behaves, or misbehaves as it is told."""

from __future__ import annotations

import socket
import ssl

from ingestion.astm.framing import ACK, ENQ, EOT, NAK, checksum, frames


class Refused(Exception):
    """The host did not acknowledge."""


class Analyser:
    """One end of the wire."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None):
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket = context.wrap_socket(plain, server_hostname="localhost") if context else plain

    def __enter__(self) -> Analyser:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> int:
        """The next byte; -1 when the host hung up."""
        data = self.socket.recv(1)
        return data[0] if data else -1

    def enquire(self) -> None:
        self.write(bytes((ENQ,)))
        if self.read() != ACK:
            raise Refused

    def frame(self, data: bytes) -> int:
        self.write(data)
        return self.read()

    def end(self) -> None:
        self.write(bytes((EOT,)))

    def send(self, message: bytes, size: int = 240) -> None:
        """A whole session that goes well."""
        self.enquire()
        for each in frames(message, size):
            if self.frame(each) != ACK:
                raise Refused
        self.end()

    def receive(self) -> bytes:
        """The text of one session of the host, acknowledged frame by frame."""
        if self.read() != ENQ:
            raise Refused
        self.write(bytes((ACK,)))
        text = b""
        while True:
            first = self.read()
            if first == EOT:
                return text
            data = bytes((first,))
            while not data.endswith(b"\r\n"):
                data += bytes((self.read(),))
            body, told = data[1:-4], data[-4:-2]
            if told != checksum(body):
                self.write(bytes((NAK,)))
                continue
            text += body[1:-1]
            self.write(bytes((ACK,)))


def result_message(number: int = 1, code: str = "WBC", sender: str = "SIM", value: str = "5.8") -> bytes:
    """A message with one result of a tube that no other message names."""
    return (
        f"H|\\^&|||{sender}^1.0|||||||P|LIS2-A2|20261122093000\r"
        f"P|1||PAT-{number}\r"
        f"O|1|TUBE-{number}||^^^{code}|R\r"
        f"R|1|^^^{code}|{value}|10*9/L||N||F||||20261122093000\r"
        "L|1|N\r"
    ).encode()
