"""NCALayer as a browser meets it: a WebSocket on this machine that holds keys and asks for one password a request."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from websockets.sync.server import ServerConnection, serve

from ops_app.mechanisms.signature import making
from ops_app.mechanisms.signature.development import Identity

CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"


@dataclass
class NcaLayer:
    """The keys it holds, and what it was asked."""

    signing: Identity
    entering: Identity
    cancels: bool = False
    passwords_asked: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, connection: ServerConnection) -> None:
        """Greet, then serve the requests of one page."""
        connection.send(json.dumps({"result": {"version": "1.4"}}))
        for message in connection:
            connection.send("--heartbeat--")
            connection.send(json.dumps(self._reply(json.loads(message))))

    def _reply(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(asked)
        if (asked["module"], asked["method"]) != ("kz.gov.pki.knca.basics", "sign"):
            return {"status": False, "code": "UNKNOWN_METHOD", "message": "unknown method"}
        if self.cancels:
            return {"status": False, "code": "USER_CANCELED", "message": "cancelled"}
        self.passwords_asked += 1
        about = asked["args"]
        enters = about["signerParams"]["extKeyUsageOids"] == [CLIENT_AUTH]
        identity = self.entering if enters else self.signing
        detached = not about["signingParams"]["encapsulate"]
        signed = [making.sign(base64.b64decode(text), [identity], detached=detached) for text in about["data"]]
        return {"status": True, "body": {"result": [base64.b64encode(one).decode() for one in signed]}}


@contextmanager
def listening(layer: NcaLayer) -> Iterator[str]:
    """Run it; yields its address."""
    with serve(layer.answer, "127.0.0.1", 0, max_size=None) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        port = server.socket.getsockname()[1]
        yield f"ws://127.0.0.1:{port}/"
        server.shutdown()
        thread.join(timeout=10)
