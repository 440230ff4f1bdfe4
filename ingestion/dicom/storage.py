"""C-STORE: from the network to a synced file without decoding, into the index in batches, then the answer.

An answer of success means: the file is synced, its name is synced, its row is committed. Several
associations wait for one transaction, so a commit serves them all.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Collection
from concurrent.futures import Future
from pathlib import Path
from weakref import WeakKeyDictionary

from pynetdicom.association import Association
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ingestion.dicom.commands import StoreRequest
from ingestion.dicom.receiving import OUT_OF_RESOURCES, Received
from ingestion.dicom.senders import Doorkeeper
from ingestion.dicom.transport import peer_title
from ops_app.modules.imaging import filing
from ops_app.modules.imaging.elements import Unreadable, is_uid
from ops_app.modules.imaging.facts import facts_of
from ops_app.modules.imaging.further import KnownSeries, prepare
from ops_app.modules.imaging.header import read
from ops_app.modules.imaging.storing import Arrival, Origin, Stored, index

log = logging.getLogger(__name__)

# PS3.4 table B.2-1
SUCCESS = 0x0000
STORED_AS_ANOTHER_CLASS = 0xB007
DOES_NOT_MATCH_CLASS = 0xA900
CANNOT_UNDERSTAND = 0xC000

LARGEST_BATCH = 64


Waiting = tuple[Arrival, "Future[Stored]"]


class Indexer:
    """Commits what has arrived meanwhile in one transaction."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._series = KnownSeries()
        self._connection: Connection | None = None
        self._waiting: deque[Waiting] = deque()
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)
        self._thread.start()

    def put(self, arrival: Arrival) -> Future[Stored]:
        """Hand an object over; the future is done when its row is committed, or holds why not."""
        done: Future[Stored] = Future()
        with self._arrived:
            self._waiting.append((arrival, done))
            self._arrived.notify()
        return done

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not self._waiting:
                    self._arrived.wait()
                batch = [self._waiting.popleft() for _ in range(min(LARGEST_BATCH, len(self._waiting)))]
            try:
                self._commit(batch)
            except Exception:
                log.exception("a batch could not be indexed")
                # one bad object must not keep its neighbours out
                for each in batch:
                    self._commit_alone(each)

    def _commit_alone(self, each: Waiting) -> None:
        if each[1].done():
            return
        try:
            self._commit_any([each])
        except (SQLAlchemyError, OSError, ValueError) as error:
            log.exception("an object could not be indexed")
            each[1].set_exception(error)
        except Exception:
            log.exception("an object could not be indexed")
            each[1].set_exception(RuntimeError("not indexed"))

    def _commit(self, batch: list[Waiting]) -> None:
        filing.sync_folders([arrival.filed for arrival, _done in batch], self._folder)
        further = [each for each in batch if self._series.knows(each[0])]
        others = [each for each in batch if not self._series.knows(each[0])]
        if further:
            others += self._commit_further(further)
        if others:
            self._commit_any(others)

    def _commit_further(self, batch: list[Waiting]) -> list[Waiting]:
        """Index further objects of known series; those that are repeats remain."""
        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                prepare(self._connection)
            stored = self._series.add(self._connection, [arrival for arrival, _done in batch])
        except SQLAlchemyError:
            log.exception("objects could not be indexed together")
            if self._connection is not None:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
            return batch
        remaining = []
        for each, found in zip(batch, stored, strict=True):
            if found is None:
                remaining.append(each)
            else:
                each[1].set_result(found)
        return remaining

    def _commit_any(self, batch: list[Waiting]) -> None:
        arrivals = [arrival for arrival, _done in batch]
        with Session(self._engine, expire_on_commit=False) as session:
            stored = index(session, arrivals)
            session.commit()
            for (_arrival, done), each in zip(batch, stored, strict=True):
                done.set_result(each)
            self._series.learn(session, arrivals)


class Storage:
    """Keeps received objects."""

    def __init__(
        self, indexer: Indexer, doorkeeper: Doorkeeper, arriving: Path, lasting: Path, other_services: Collection[str]
    ) -> None:
        self.folder = arriving
        self._lasting = lasting
        self._indexer = indexer
        self._doorkeeper = doorkeeper
        self._other_services = other_services
        self._origins: WeakKeyDictionary[Association, Origin] = WeakKeyDictionary()

    def takes(self, abstract_syntax: str) -> bool:
        """Every class is stored, known or private; but nothing in the context of another service."""
        return abstract_syntax not in self._other_services

    def keep(self, association: Association, request: StoreRequest, received: Received) -> int:
        """Look at an object, sync it, index it; the status of the answer."""
        try:
            header = read(received.path)
        except Unreadable as error:
            log.warning("refused an object of %s: %s", peer_title(association), error)
            return CANNOT_UNDERSTAND
        held_class = header.uid(0x00080016)
        if header.uid(0x00080018) != request.sop_uid or held_class is None or not is_uid(request.sop_uid):
            return DOES_NOT_MATCH_CLASS
        facts = facts_of(header, held_class, request.sop_uid)
        try:
            filed = filing.file_away(received.path, facts.study_uid, self._lasting, received.sha256)
            self._indexer.put(Arrival(facts, filed, self._origin(association))).result()
        except Exception:
            log.exception("an object of %s was not stored", peer_title(association))
            return OUT_OF_RESOURCES
        return SUCCESS if held_class == request.sop_class_uid else STORED_AS_ANOTHER_CLASS

    def _origin(self, association: Association) -> Origin:
        found = self._origins.get(association)
        if found is None:
            who = self._doorkeeper.origin_of(peer_title(association))
            found = Origin("dicom", who.title, who.device_id, who.organization_id)
            self._origins[association] = found
        return found
