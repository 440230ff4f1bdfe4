"""The modality work list and the steps a modality reports (PS3.4 annexes K and F)."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator
from typing import Any, cast

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_CREATE, N_SET
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ingestion.dicom.answers import answer_to, keys_of
from ingestion.dicom.senders import Doorkeeper, Sender
from ingestion.dicom.transport import peer_title
from ops_app import audit
from ops_app.actor import Actor, RoleGrant, Scope
from ops_app.kit import clock
from ops_app.modules.imaging import steps
from ops_app.modules.imaging.search import SEXES
from ops_app.modules.imaging.worklist_queries import Scheduled, scheduled
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.permissions import Permission

log = logging.getLogger(__name__)

WORK_LIST = "1.2.840.10008.5.1.4.31"
PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
PENDING, CANCELLED, UNABLE = 0xFF00, 0xFE00, 0xC000
# PS3.7 annex C
SUCCESS, PROCESSING_FAILURE, DUPLICATE, NO_SUCH_OBJECT, INVALID_VALUE = 0x0000, 0x0110, 0x0111, 0x0112, 0x0106
PRIORITIES = {"routine": "ROUTINE", "urgent": "HIGH", "emergency": "STAT"}


class WorkList:
    """The handlers of the work list and of performed steps."""

    def __init__(self, engine: Engine, doorkeeper: Doorkeeper) -> None:
        self._engine = engine
        self._doorkeeper = doorkeeper

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        """Handle ``EVT_C_FIND`` of the work list."""
        identifier = event.identifier
        title = peer_title(event.assoc)
        who = self._doorkeeper.origin_of(title)
        step = identifier.get("ScheduledProcedureStepSequence")
        keys = {**keys_of(identifier), **(keys_of(step[0]) if step else {})}
        with Session(self._engine, expire_on_commit=False) as session:
            places = descendant_ids(session, [who.organization_id]) if who.organization_id is not None else None
            rows = [row for row in scheduled(session, organization_ids=places) if _fits(row, keys)]
            people = {row.patient.id for row in rows}
            audit.read_by_program(session, f"dicom:{title}", sorted(people), rule="station", action="dicom:worklist")
            session.commit()
        for row in rows:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, answer_to(identifier, _described(row, title))

    def begin(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """Handle ``EVT_N_CREATE``: a device starts."""
        said = event.attribute_list
        sop_uid = cast(N_CREATE, event.request).AffectedSOPInstanceUID
        if sop_uid is None or said.get("PerformedProcedureStepStatus") != "IN PROGRESS":
            return INVALID_VALUE, None
        who = self._doorkeeper.origin_of(peer_title(event.assoc))
        with Session(self._engine) as session:
            try:
                steps.begin(session, self._station(session, who), str(sop_uid), _said(said), who.title, who.device_id)
            except steps.StepExists:
                return DUPLICATE, None
            session.commit()
        return SUCCESS, said

    def change(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """Handle ``EVT_N_SET``: a device adds to its step or ends it."""
        said = event.modification_list
        sop_uid = str(cast(N_SET, event.request).RequestedSOPInstanceUID)
        state = said.get("PerformedProcedureStepStatus")
        if state is not None and state not in steps.STATES:
            return INVALID_VALUE, None
        who = self._doorkeeper.origin_of(peer_title(event.assoc))
        ended = _moment(said, "PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime")
        with Session(self._engine) as session:
            try:
                steps.change(session, self._station(session, who), sop_uid, state, ended, _json(said))
            except steps.NoSuchStep:
                return NO_SUCH_OBJECT, None
            except steps.StepEnded:
                return PROCESSING_FAILURE, None
            session.commit()
        return SUCCESS, said

    @staticmethod
    def _station(session: Session, who: Sender) -> Actor:
        """A device moves the orders of the organisation it is registered in."""
        places = descendant_ids(session, [who.organization_id]) if who.organization_id is not None else None
        scope = Scope(everywhere=True) if places is None else Scope(False, frozenset(places))
        grant = RoleGrant("station", None, scope, frozenset({Permission.REFERRALS_REQUEST_PERFORM}))
        return Actor(0, 0, f"dicom:{who.title}", who.title, "kk", grants=(grant,))


def _fits(row: Scheduled, keys: dict[str, str]) -> bool:
    day = row.day.strftime("%Y%m%d")
    wanted_day = keys.get("ScheduledProcedureStepStartDate", "")
    if wanted_day:
        first, dash, last = wanted_day.partition("-")
        if not (day == first if not dash else (not first or day >= first) and (not last or day <= last)):
            return False
    for keyword, value in (
        ("Modality", row.modality),
        ("AccessionNumber", row.accession_number),
        ("PatientID", row.patient.iin or row.patient.temporary_id or ""),
        ("RequestedProcedureID", str(row.request.id)),
    ):
        wanted = keys.get(keyword, "")
        if wanted and wanted != "*" and value not in wanted.split("\\"):
            return False
    name = keys.get("PatientName", "").replace("*", "").strip("^ ").casefold()
    return not name or f"{row.patient.family_name}^{row.patient.given_name}".casefold().startswith(name)


def _described(row: Scheduled, title: str) -> Dataset:
    made, step = Dataset(), Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.AccessionNumber = row.accession_number
    made.ReferringPhysicianName = row.referring
    made.PatientName = f"{row.patient.family_name}^{row.patient.given_name}^{row.patient.patronymic or ''}".rstrip("^")
    made.PatientID = row.patient.iin or row.patient.temporary_id or ""
    made.PatientBirthDate = row.patient.birth_date.strftime("%Y%m%d")
    made.PatientSex = SEXES.get(row.patient.sex, "O")
    made.StudyInstanceUID = row.study_uid
    made.RequestedProcedureID = str(row.request.id)
    made.RequestedProcedureDescription = row.title[:64]
    made.RequestedProcedurePriority = PRIORITIES[row.request.priority]
    made.RequestingPhysician = row.referring
    local = clock.local(row.at) if row.at is not None else None
    step.ScheduledStationAETitle = title
    step.ScheduledProcedureStepStartDate = (local.date() if local else row.day).strftime("%Y%m%d")
    step.ScheduledProcedureStepStartTime = local.strftime("%H%M%S") if local else "080000"
    step.Modality = row.modality
    step.ScheduledPerformingPhysicianName = ""
    step.ScheduledProcedureStepDescription = row.title[:64]
    step.ScheduledProcedureStepID = str(row.request.id)
    made.ScheduledProcedureStepSequence = [step]
    return made


def _said(dataset: Dataset) -> dict[str, Any]:
    scheduled_steps = dataset.get("ScheduledStepAttributesSequence")
    first = scheduled_steps[0] if scheduled_steps else Dataset()
    return {
        "study_uid": str(first.get("StudyInstanceUID", "")) or None,
        "accession_number": str(first.get("AccessionNumber", "") or "") or None,
        "modality": str(dataset.get("Modality", "") or "") or None,
        "started_at": _moment(dataset, "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime"),
        "attributes": _json(dataset),
    }


def _json(dataset: Dataset) -> dict[str, Any]:
    # zero bytes, which PostgreSQL cannot keep in a text
    written = json.dumps(dataset.to_json_dict(suppress_invalid_tags=True)).replace("\\u0000", "")
    kept: dict[str, Any] = json.loads(written)
    return kept


def _moment(dataset: Dataset, date: str, time: str) -> dt.datetime | None:
    try:
        day = dt.datetime.strptime(str(dataset.get(date, "")), "%Y%m%d").date()  # noqa: DTZ007
        digits = str(dataset.get(time, "") or "").split(".")[0].ljust(6, "0")
        return clock.from_local(day, dt.time(int(digits[:2]), int(digits[2:4]), int(digits[4:6])))
    except ValueError:
        return None
