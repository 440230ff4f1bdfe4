"""A registry on a real port that takes messages once by their key, and misbehaves when told to."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

TOKEN = "test-token"
SYSTEM = "authorised_body"


@dataclass
class Registry:
    """What the registry holds and how it behaves."""

    url: str = ""
    is_ready: bool = True
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By key: body, hash, and the order in which it came."""
    order: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    misbehave: dict[str, list[str]] = field(default_factory=dict)
    """By key, what to do with the next posts of it: "500", "422", "lost", "slow"."""
    pause: float = 0.0

    def answer_to(self, key: str, sha256: str, body: Any) -> tuple[int, dict[str, Any]] | None:
        """Take a message; None is an answer that gets lost on its way."""
        self.posts.append(key)
        trick = self.misbehave[key].pop(0) if self.misbehave.get(key) else ""
        if trick == "500":
            return 500, {}
        if trick == "422":
            return 422, {"error": f"family name {body.get('family')} is unknown"}
        if not self.is_ready:
            return 503, {}
        if trick == "slow":
            time.sleep(1.5)
        known = key in self.held
        if not known:
            self.held[key] = {"sha256": sha256, "body": body}
            self.order.append(key)
        time.sleep(self.pause)
        if trick == "lost":
            return None
        return (409 if known else 201), {"id": f"R-{self.order.index(key) + 1}"}


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.reply(401, {})
                return
            sha256 = self.headers["X-Content-SHA256"]
            assert hashlib.sha256(content).hexdigest() == sha256
            answer = registry.answer_to(self.headers["Idempotency-Key"], sha256, json.loads(content))
            if answer is None:
                self.close_connection = True
                return
            self.reply(*answer)

        def do_GET(self) -> None:
            if "/held" in self.path:
                rows = [{"key": key, "sha256": held["sha256"]} for key, held in registry.held.items()]
                self.reply(200, {"messages": rows})
            else:
                self.reply(200 if registry.is_ready else 503, {})

        def reply(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    return Handler


@contextmanager
def serving() -> Iterator[Registry]:
    """A registry that answers while the block runs."""
    registry = Registry()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(registry))
    registry.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The registry, with its address and token in the environment."""
    with serving() as found:
        monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_URL", found.url)
        monkeypatch.setenv("SAULYQ_REGISTRY_AUTHORISED_BODY_TOKEN", TOKEN)
        yield found
