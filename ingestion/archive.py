"""The archive of inbound messages: what came is durable before anybody is answered.

``Archive.keep`` returns when the message is committed and on disk. Callers of many threads share one
writer, which takes all that wait into one transaction, so that one flush of the disk serves them all.
"""

from __future__ import annotations

import hashlib
import json
import queue
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import psycopg

LARGEST_GROUP = 256
LARGEST_GROUP_BYTES = 32 * 1024 * 1024
LONGEST_LABEL = 200
"""Labels stand in an index, whose rows have a limit; the message itself is kept whole."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came; without a control id it cannot be recognised when it comes again."""

    channel: str
    sender: str
    facility: str | None
    control_id: str | None
    message_type: str | None
    raw: bytes
    charset: str | None
    peer: str | None
    lane: str
    answer: str | None = None
    """What the sender is going to be told."""
    error: Mapping[str, Any] | None = None
    """Set where the message is refused: it is kept for a person, not interpreted."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The message is in the archive; a duplicate has the number and the answer of the first copy."""

    id: int
    duplicate: bool
    answer: str | None = None
    error: Mapping[str, Any] | None = None


class ArchiveClosed(Exception):
    """The archive takes no messages any more."""


_Waiting = tuple[Received, "Future[Kept]"]


class Archive:
    """The writer of one process; safe to be called from many threads."""

    def __init__(self, url: str):
        self._url = url
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._connection: psycopg.Connection[Any] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._write_groups, name="archive", daemon=True)
        self._thread.start()

    def keep(self, message: Received) -> Kept:
        """Keep one message; durable when this returns, an error when it could not be made so."""
        return self.submit(message).result()

    def submit(self, message: Received) -> Future[Kept]:
        """The same for callers that wait in their own way."""
        if self._closed:
            raise ArchiveClosed
        promise: Future[Kept] = Future()
        self._waiting.put((message, promise))
        return promise

    def close(self) -> None:
        """Write what waits, then let go of the connection."""
        self._closed = True
        self._waiting.put(None)
        self._thread.join()

    def _write_groups(self) -> None:
        going_on = True
        while going_on:
            group, going_on = self._next_group()
            if group:
                self._write_or_fail(group)
        if self._connection is not None:
            self._connection.close()

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        first = self._waiting.get()
        if first is None:
            return [], False
        group, size = [first], len(first[0].raw)
        while len(group) < LARGEST_GROUP and size < LARGEST_GROUP_BYTES:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return group, False
            group.append(more)
            size += len(more[0].raw)
        return group, True

    def _write_or_fail(self, group: list[_Waiting]) -> None:
        try:
            kept = self._write([message for message, _ in group])
        except psycopg.OperationalError:
            # the server restarted: nothing of the group may be acknowledged before it is written again
            self._let_go()
            self._once_more(group)
        except Exception as error:
            self._let_go()
            if len(group) == 1:
                group[0][1].set_exception(error)
            else:
                # one message that the database refuses must not take the others with it
                for one in group:
                    self._write_or_fail([one])
        else:
            for (_, promise), each in zip(group, kept, strict=True):
                promise.set_result(each)

    def _once_more(self, group: list[_Waiting]) -> None:
        try:
            kept = self._write([message for message, _ in group])
        except Exception as error:
            self._let_go()
            for _, promise in group:
                promise.set_exception(error)
        else:
            for (_, promise), each in zip(group, kept, strict=True):
                promise.set_result(each)

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _write(self, messages: Sequence[Received]) -> list[Kept]:
        if self._connection is None:
            self._connection = psycopg.connect(self._url, connect_timeout=5)
        with self._connection.transaction():
            # also where an administrator has made the server's default weaker
            self._connection.execute("set local synchronous_commit = on")
            return insert(self._connection, messages)


_INSERT = """
insert into ingest.message (channel, sender, facility, control_id, message_type, raw, charset, peer, lane, answer,
    error, state, sha256)
select channel, sender, facility, control_id, message_type, raw, charset, peer, lane, answer, error::jsonb,
    case when error is null then 'received' else 'failed' end, sha256
from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::bytea[])
    with ordinality as sent (channel, sender, facility, control_id, message_type, raw, charset, peer, lane, answer,
    error, sha256, position)
order by position
on conflict (channel, sender, facility, control_id, sha256) do nothing
returning id, channel, sender, facility, control_id, sha256, answer, error
"""
_FIND = """
select id, answer, error from ingest.message
where channel = %s and sender = %s and facility = %s and control_id = %s and sha256 = %s
"""

_Key = tuple[Any, ...]


def insert(connection: psycopg.Connection[Any], messages: Sequence[Received]) -> list[Kept]:
    """Put messages into the table, in the order given, inside the caller's transaction."""
    rows = [_row(message) for message in messages]
    made: dict[_Key, list[Kept]] = defaultdict(list)
    for row in connection.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)]).fetchall():
        made[(*row[1:5], bytes(row[5]))].append(Kept(row[0], False, row[6], row[7]))
    for kept in made.values():
        kept.sort(key=lambda each: -each.id)
    results = []
    for row in rows:
        key = (*row[:4], row[-1])
        results.append(made[key].pop() if made[key] else _first_copy(connection, key))
    return results


def _first_copy(connection: psycopg.Connection[Any], key: _Key) -> Kept:
    found = connection.execute(_FIND, key).fetchone()
    assert found is not None, "a message that is neither new nor there"
    return Kept(found[0], True, found[1], found[2])


def _row(message: Received) -> _Key:
    return (
        message.channel,
        _label(message.sender),
        _label(message.facility or ""),
        _label(message.control_id) if message.control_id else None,
        _label(message.message_type) if message.message_type else None,
        message.raw,
        message.charset,
        message.peer,
        _label(message.lane),
        message.answer,
        json.dumps(message.error, ensure_ascii=True) if message.error is not None else None,
        hashlib.sha256(message.raw).digest(),
    )


def _label(text: str) -> str:
    """What PostgreSQL can hold as text, short enough for an index."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST_LABEL]
