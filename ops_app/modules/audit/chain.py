"""What a sealed block is made of: digests of events, each block keyed and chained to the one before.

Pure functions. The key lies in a file of the installation and never in the database, so that
whoever may rewrite every table still cannot write a block that fits.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import struct
from collections.abc import Sequence

from ops_app.modules.audit.models import Event

LAYOUT = 1
DIGEST_BYTES = 32
START = bytes(DIGEST_BYTES)
"""What stands before the first block."""
MISSING = bytes(DIGEST_BYTES)
"""Stands for an event that was queued but gone when the block was sealed."""


def key_name(key: bytes) -> str:
    """A name for the key that tells nothing about it."""
    return hashlib.sha256(b"saulyq audit key " + key).hexdigest()[:12]


def digest(key: bytes, event: Event) -> bytes:
    """The digest of everything an event says."""
    content = [
        event.id,
        _moment(event.at),
        event.kind,
        event.action,
        event.rule,
        event.account_id,
        event.login,
        event.patient_id,
        event.entity,
        event.entity_id,
        event.before,
        event.after,
        event.request_id,
        event.ip,
    ]
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, written.encode(), hashlib.sha256).digest()


def seal(
    key: bytes, number: int, sealed_at: dt.datetime, previous: bytes, event_ids: Sequence[int], digests: bytes
) -> bytes:
    """The keyed hash of a block and of everything before it."""
    mac = hmac.new(key, f"{LAYOUT}|{number}|{_moment(sealed_at)}|{len(event_ids)}|".encode(), hashlib.sha256)
    mac.update(previous)
    mac.update(struct.pack(f">{len(event_ids)}q", *event_ids))
    mac.update(digests)
    return mac.digest()


def split(digests: bytes) -> list[bytes]:
    """The digests of a block one by one."""
    return [digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES)]


def _moment(moment: dt.datetime) -> str:
    # The session's time zone must not change what is hashed.
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
