"""C-FIND, C-MOVE and C-GET over the index (PS3.4 annex C)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.presentation import PresentationContext, build_context
from sqlalchemy import ColumnElement, Engine
from sqlalchemy.orm import Session

from ingestion.dicom import outgoing
from ingestion.dicom.answers import answer_to, keys_of
from ingestion.dicom.senders import Doorkeeper, sender
from ingestion.dicom.transport import peer_title
from ops_app import audit
from ops_app.modules.imaging.delivery import delivered
from ops_app.modules.imaging.models import Study
from ops_app.modules.imaging.search import BadKey, Found, Level, describe, find
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.protection.standing import unmet_for_program
from saulyq.settings import Settings

log = logging.getLogger(__name__)

FIND = ("1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.3.1")
MOVE = ("1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.3.2")
GET = ("1.2.840.10008.5.1.4.1.2.1.3", "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.1.2.3.3")
"""Patient root, study root, patient and study only."""

PENDING, CANCELLED = 0xFF00, 0xFE00
DOES_NOT_MATCH_CLASS, UNABLE = 0xA900, 0xC000
# of the range Cxxx, unable to process: query and retrieve have no status "not authorized" (PS3.4 annex C.4)
UNPROTECTED = 0xC001
LEVELS: dict[str, Level] = {"PATIENT": "PATIENT", "STUDY": "STUDY", "SERIES": "SERIES", "IMAGE": "IMAGE"}
UNIQUE = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
MOST_ROWS = 10_000
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
MOST_CONTEXTS = 128

Answer = tuple[int, Dataset | None]


class Unprotected(Exception):
    """Nothing may leave while the protection of personal data is not in place."""


class Query:
    """The handlers of query and retrieve."""

    def __init__(self, engine: Engine, doorkeeper: Doorkeeper, current: Settings) -> None:
        self._engine = engine
        self._doorkeeper = doorkeeper
        self._current = current

    def find(self, event: evt.Event) -> Iterator[Answer]:
        """Handle ``EVT_C_FIND``."""
        identifier = event.identifier
        level = LEVELS.get(str(identifier.get("QueryRetrieveLevel", "")))
        if level is None:
            yield DOES_NOT_MATCH_CLASS, None
            return
        with Session(self._engine, expire_on_commit=False) as session:
            if self._refuses(session, event, "dicom:find"):
                yield UNPROTECTED, None
                return
            try:
                rows = self._rows(session, event, level, "dicom:find")
            except BadKey as error:
                log.warning("%s asked for %s", peer_title(event.assoc), error)
                yield UNABLE, None
                return
            session.commit()
        more = {"QueryRetrieveLevel": level, "RetrieveAETitle": self._current.dicom_ae_title}
        for row in rows:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, answer_to(identifier, describe(row, level), **more)

    def move(self, event: evt.Event) -> Iterator[Any]:
        """Handle ``EVT_C_MOVE``: to a station whose address we know."""
        with Session(self._engine, expire_on_commit=False) as session:
            station = sender(session, self._current, str(event.move_destination).strip())
            if station is None or station.address is None:
                yield None, None
                return
            if self._refuses(session, event, "dicom:move"):
                # raised before an address is given: the library calls nobody and answers 0xC514, unable to process
                raise Unprotected
            rows = self._objects(session, event, "dicom:move")
            session.commit()
        yield *station.address, {"contexts": _contexts(rows), **outgoing.options(self._current, station)}
        yield len(rows)
        yield from self._handed_out(event, rows)

    def get(self, event: evt.Event) -> Iterator[Any]:
        """Handle ``EVT_C_GET``: over the same association."""
        with Session(self._engine, expire_on_commit=False) as session:
            if self._refuses(session, event, "dicom:get"):
                yield 1
                yield UNPROTECTED, None
                return
            rows = self._objects(session, event, "dicom:get")
            session.commit()
        yield len(rows)
        yield from self._handed_out(event, rows)

    def _handed_out(self, event: evt.Event, rows: list[Found]) -> Iterator[Answer]:
        for row in rows:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            assert row.instance is not None
            try:
                dataset: Dataset = delivered(row)
            except (OSError, ValueError, AttributeError):
                log.exception("object %s cannot be handed out", row.instance.id)
                # what cannot be sent is counted as failed by its UID
                dataset = Dataset()
                dataset.SOPInstanceUID = row.instance.sop_uid
            yield PENDING, dataset

    def _refuses(self, session: Session, event: evt.Event, action: str) -> bool:
        """Whether nothing may leave now; the refusal is logged and kept in the journal."""
        found = unmet_for_program(session)
        if not found:
            return False
        title = peer_title(event.assoc)
        log.warning("refused %s of %s: unmet checks of protection: %s", action, title, ", ".join(found))
        audit.security(session, f"dicom:{title}", "dicom:refused", service=action, unmet=found)
        session.commit()
        return True

    def _objects(self, session: Session, event: evt.Event, action: str) -> list[Found]:
        identifier = event.identifier
        level = LEVELS.get(str(identifier.get("QueryRetrieveLevel", "")))
        # only unique keys choose what is retrieved, and without one everything would be
        if level is None or not str(identifier.get(UNIQUE[level], "")):
            return []
        return self._rows(session, event, "IMAGE", action, only=set(UNIQUE.values()))

    def _rows(
        self, session: Session, event: evt.Event, level: Level, action: str, only: set[str] | None = None
    ) -> list[Found]:
        keys = {name: value for name, value in keys_of(event.identifier).items() if only is None or name in only}
        title = peer_title(event.assoc)
        rows = find(session, level, keys, where=self._limits(session, title), limit=MOST_ROWS)
        people = {row.patient.id for row in rows if row.patient is not None}
        audit.read_by_program(session, f"dicom:{title}", sorted(people), rule="station", action=action)
        return rows

    def _limits(self, session: Session, title: str) -> list[ColumnElement[bool]]:
        """A registered device sees the studies of its organisation."""
        who = sender(session, self._current, title)
        if who is None or who.organization_id is None:
            return []
        return [Study.organization_id.in_(descendant_ids(session, [who.organization_id]))]


def _contexts(rows: list[Found]) -> list[PresentationContext]:
    """Each object is offered as it lies here; plain ones also in the syntax every station has."""
    wanted: dict[tuple[str, str], None] = {}
    for row in rows:
        assert row.instance is not None
        syntax = row.instance.transfer_syntax_uid
        wanted[(row.instance.sop_class_uid, EXPLICIT if syntax in (EXPLICIT, IMPLICIT) else syntax)] = None
    made = []
    for sop_class, syntax in list(wanted)[:MOST_CONTEXTS]:
        made.append(build_context(sop_class, [EXPLICIT, IMPLICIT] if syntax == EXPLICIT else [syntax]))
    return made
