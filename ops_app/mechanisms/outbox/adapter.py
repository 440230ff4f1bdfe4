"""What an adapter is: the one small interface between the outbox and a system."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ops_app.mechanisms.outbox.declaration import System

BUILT_IN = {
    "https": "ops_app.mechanisms.outbox.adapters.https:HttpsAdapter",
    "folder": "ops_app.mechanisms.outbox.adapters.folder:FolderAdapter",
    "hl7": "ops_app.mechanisms.outbox.adapters.hl7:hl7_adapter",
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way: the receiver tells repeated ones by the key."""

    key: str
    kind: str
    body: Mapping[str, Any]
    sha256: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver has it."""

    reference: str | None = None
    """The number the receiver gave it."""
    was_known: bool = False
    """It had come before; the answer to that was lost."""


class Failed(Exception):
    """A message did not arrive; ``side`` is whose error it was."""

    result = "retry"

    def __init__(self, side: str, status: str, detail: str = ""):
        super().__init__(f"{side}: {status}")
        self.side = side
        self.status = status
        """A code without any value of the message, such as ``http 500``."""
        self.detail = detail
        """The receiver's own words, which may hold such values."""


class TryLater(Failed):
    """The same message may arrive later as it is."""


class Refused(Failed):
    """The message will never be accepted as it is: somebody must look."""

    result = "refused"


class NotReady(Failed):
    """The system takes no messages now; that is no fault of this one."""

    result = "not_ready"


class Adapter(Protocol):
    """A way to reach one system. Made anew for each use; may keep a connection until ``close``."""

    def configured(self) -> bool:
        """Whether this installation knows the address."""

    def ready(self) -> bool:
        """Whether the system takes messages now."""

    def send(self, parcel: Parcel) -> Receipt:
        """Hand one message over, or raise ``TryLater``, ``Refused`` or ``NotReady``."""

    def held(self, day: dt.date) -> Mapping[str, str] | None:
        """Key and hash of every message made on this day that the system holds; None where it cannot say."""

    def close(self) -> None:
        """Let go of connections."""


def adapter_of(system: System) -> Adapter:
    """The adapter a declaration names."""
    module, _, name = BUILT_IN.get(system.adapter, system.adapter).partition(":")
    made: Adapter = getattr(importlib.import_module(module), name)(system)
    return made


def canonical(body: Mapping[str, Any]) -> bytes:
    """The one spelling of a body that is hashed and sent."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256_of(body: Mapping[str, Any]) -> str:
    """Hash of a body, the same on both sides."""
    return hashlib.sha256(canonical(body)).hexdigest()
