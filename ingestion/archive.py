"""The archive of inbound messages: what came is durable before anybody is answered.

``Archive.keep`` returns when the message is committed and on disk. Callers of many threads share a few
writers, each of which takes all that wait into one transaction, so that one flush of the disk serves them all.
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
from psycopg.conninfo import make_conninfo

WRITERS = 4
"""While one waits for the disk the others gather and send."""
LARGEST_GROUP = 256
LARGEST_GROUP_BYTES = 32 * 1024 * 1024
NOTICED = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""A server whose machine or network is gone says nothing: the kernel would wait for it a quarter of an hour."""
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


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Messages that came together: they are written together and in their order."""

    messages: Sequence[Received]
    promises: Sequence[Future[Kept]]


class Archive:
    """The writers of one process; safe to be called from many threads."""

    def __init__(self, url: str, writers: int = WRITERS):
        self._url = url
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._write_groups, name="archive", daemon=True) for _ in range(writers)
        ]
        for thread in self._threads:
            thread.start()

    def keep(self, message: Received) -> Kept:
        """Keep one message; durable when this returns, an error when it could not be made so."""
        return self.submit(message).result()

    def submit(self, message: Received) -> Future[Kept]:
        """The same for callers that wait in their own way."""
        return self.submit_all([message])[0]

    def submit_all(self, messages: Sequence[Received]) -> list[Future[Kept]]:
        """The same for messages that came together and are to be read in this order."""
        if self._closed:
            raise ArchiveClosed
        promises: list[Future[Kept]] = [Future() for _ in messages]
        for promise in promises:
            # whoever waited may go away: the message is written all the same, and its writer lives on
            promise.set_running_or_notify_cancel()
        self._waiting.put(_Waiting(messages, promises))
        return promises

    def close(self) -> None:
        """Write what waits, then let go of the connections."""
        self._closed = True
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _write_groups(self) -> None:
        writer = _Writer(self._url)
        going_on = True
        while going_on:
            group, going_on = self._next_group()
            if group:
                writer.write(group)
        writer.let_go()

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        first = self._waiting.get()
        if first is None:
            return [], False
        group, number, size = [first], len(first.messages), _bytes(first)
        while number < LARGEST_GROUP and size < LARGEST_GROUP_BYTES:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return group, False
            group.append(more)
            number, size = number + len(more.messages), size + _bytes(more)
        return group, True


def _bytes(waiting: _Waiting) -> int:
    return sum(len(each.raw) for each in waiting.messages)


class _Writer:
    """One connection of the archive."""

    def __init__(self, url: str):
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None

    def write(self, group: Sequence[_Waiting]) -> None:
        """Write a group in one transaction and keep its promises, or say of each message why it could not be."""
        promises = [promise for each in group for promise in each.promises]
        try:
            kept = self._insert_again_if_lost([message for each in group for message in each.messages])
        except Exception as error:
            self.let_go()
            if isinstance(error, psycopg.OperationalError) or len(promises) == 1:
                for promise in promises:
                    promise.set_exception(error)
                return
            # one message that the database refuses must not take the others with it
            for each in group:
                for message, promise in zip(each.messages, each.promises, strict=True):
                    self.write([_Waiting([message], [promise])])
        else:
            for promise, each_kept in zip(promises, kept, strict=True):
                promise.set_result(each_kept)

    def _insert_again_if_lost(self, messages: Sequence[Received]) -> list[Kept]:
        try:
            return self._insert(messages)
        except psycopg.OperationalError:
            # the server restarted: nothing may be acknowledged before it is written again
            self.let_go()
            return self._insert(messages)

    def _insert(self, messages: Sequence[Received]) -> list[Kept]:
        if self._connection is None:
            self._connection = psycopg.connect(make_conninfo(self._url, **NOTICED), autocommit=True)
            # also where an administrator has made the server's default weaker
            self._connection.execute("set synchronous_commit = on")
        # one statement is one transaction: a group costs one trip to the server
        return insert(self._connection, messages)

    def let_go(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


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
    """Put messages into the table, in the order given: in one statement, so all of them or none."""
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
