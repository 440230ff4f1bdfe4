"""Storage commitment (PS3.4 annex J): the device asks whether it may delete; we look at row and file, and say.

The question is in the database before it is answered, and leaves it when the device has heard the report.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterable
from typing import cast

from pydicom import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_ACTION
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ingestion.dicom import outgoing
from ingestion.dicom.reports import Owed, Reports
from ingestion.dicom.senders import Sender, sender
from ingestion.dicom.transport import peer_title
from ops_app.kit import clock
from ops_app.modules.imaging import filing
from ops_app.modules.imaging.models import Instance, Series, Study
from saulyq.settings import Settings

log = logging.getLogger(__name__)

COMMITMENT, WELL_KNOWN = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
# PS3.7 annex C and PS3.4 section J.3
SUCCESS, INVALID_ARGUMENT, NO_SUCH_ACTION, PROCESSING_FAILURE = 0x0000, 0x0115, 0x0123, 0x0110
NO_SUCH_OBJECT, ANOTHER_CLASS = 0x0112, 0x0119
ALL_COMMITTED, SOME_FAILED = 1, 2
REQUEST_COMMITMENT = 1
MOST_OBJECTS = 20_000
CALL_SECONDS, AFTER_TROUBLE_SECONDS = 15, 30


class Commitment:
    """The handler of N-ACTION, and the reports that follow."""

    def __init__(self, engine: Engine, current: Settings) -> None:
        self._engine = engine
        self._current = current
        self._reports = Reports(engine)
        self._asked = threading.Event()
        self._ended = False

    def start(self) -> None:
        """Tell what earlier gateways did not, then what becomes due."""
        threading.Thread(target=self._tell_due, name="commitment", daemon=True).start()

    def end(self) -> None:
        """Tell nothing more; what is left stays for the next gateway."""
        self._ended = True
        self._asked.set()

    def request(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """Handle ``EVT_N_ACTION``: keep the question; the answer is a report of its own."""
        if cast(N_ACTION, event.request).ActionTypeID != REQUEST_COMMITMENT:
            return NO_SUCH_ACTION, None
        said = event.action_information
        transaction, references = str(said.get("TransactionUID", "")), said.get("ReferencedSOPSequence") or []
        asked = [
            (str(each.get("ReferencedSOPClassUID")), str(each.get("ReferencedSOPInstanceUID"))) for each in references
        ]
        if not transaction or not asked or len(asked) > MOST_OBJECTS:
            return INVALID_ARGUMENT, None
        try:
            owed = self._reports.keep(peer_title(event.assoc), transaction, asked)
        except Exception:
            log.exception("a question of %s could not be kept", peer_title(event.assoc))
            return PROCESSING_FAILURE, None
        threading.Thread(target=self._tell_here, args=(event.assoc, owed), name="commitment", daemon=True).start()
        return SUCCESS, None

    def _tell_here(self, association: Association, owed: Owed) -> None:
        """Report over the association that asked; else the thread of the reports calls the device."""
        # While a handler runs the association counts as paused: the answer has to leave before the report.
        while association.is_established and association._is_paused:
            time.sleep(0.001)
        try:
            told = association.is_established and self._sent(association, self._report(owed))
            if told:
                self._reports.told(owed)
            else:
                self._reports.hurry(owed)
        except Exception:
            log.exception("the report for %s could not be settled", owed.title)
        self._asked.set()

    def _tell_due(self) -> None:
        begun: dt.datetime | None = clock.now()
        while not self._ended:
            self._asked.clear()
            try:
                if begun is not None:
                    self._reports.hurry_older(begun)
                    begun = None
                for owed in self._reports.take():
                    if self._ended:
                        return
                    if self._called(owed):
                        self._reports.told(owed)
                seconds = self._reports.seconds_until_next()
            except Exception:
                log.exception("reports of stored objects have to wait")
                seconds = AFTER_TROUBLE_SECONDS
            self._asked.wait(seconds)

    def _called(self, owed: Owed) -> bool:
        with Session(self._engine) as session:
            station = sender(session, self._current, owed.title)
        if station is None or station.address is None:
            log.warning("%s closed its association and has no address: it is not told what is stored", owed.title)
            return False
        told = self._sent_anew(station, self._report(owed))
        if not told:
            log.warning("%s could not be told what is stored, attempt %s", owed.title, owed.attempts)
        return told

    def _report(self, owed: Owed) -> Dataset:
        kept = self._kept({uid for _class, uid in owed.asked})
        good, failed = [], []
        for sop_class, uid in owed.asked:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
            if kept.get(uid) == sop_class:
                good.append(item)
            else:
                item.FailureReason = ANOTHER_CLASS if uid in kept else NO_SUCH_OBJECT
                failed.append(item)
        report = Dataset()
        report.TransactionUID = owed.transaction
        report.RetrieveAETitle = self._current.dicom_ae_title
        if good:
            report.ReferencedSOPSequence = good
        if failed:
            report.FailedSOPSequence = failed
        return report

    def _kept(self, uids: Iterable[str]) -> dict[str, str]:
        """Classes of those objects whose rows and files are there."""
        with Session(self._engine) as session:
            rows = session.execute(
                select(Instance.sop_uid, Instance.sop_class_uid, Instance.path)
                .join(Series, Series.id == Instance.series_id)
                .join(Study, Study.id == Series.study_id)
                .where(Instance.sop_uid.in_(list(uids)), Study.state == "available")
            ).all()
        folder = filing.images_folder(self._current)
        return {uid: sop_class for uid, sop_class, path in rows if (folder / path).is_file()}

    def _sent_anew(self, station: Sender, report: Dataset) -> bool:
        assert station.address is not None
        entity = AE(self._current.dicom_ae_title)
        entity.connection_timeout, entity.acse_timeout, entity.dimse_timeout = CALL_SECONDS, CALL_SECONDS, CALL_SECONDS
        entity.add_requested_context(COMMITMENT)
        # we call, and are the provider all the same
        role = build_role(COMMITMENT, scp_role=True)
        association = entity.associate(
            *station.address, ae_title=station.title, ext_neg=[role], **outgoing.options(self._current, station)
        )
        if not association.is_established:
            return False
        told = self._sent(association, report)
        if association.is_established:
            association.release()
        return told

    def _sent(self, association: Association, report: Dataset) -> bool:
        kind = SOME_FAILED if "FailedSOPSequence" in report else ALL_COMMITTED
        try:
            status, _answer = association.send_n_event_report(report, kind, COMMITMENT, WELL_KNOWN)
        except (RuntimeError, ValueError, OSError):
            return False
        return status.get("Status") == SUCCESS
