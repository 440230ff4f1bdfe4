"""Bringing a WFDB record in: read whole before it is kept, its files stored byte for byte."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.waveform.recording import WaveformError
from ops_app.mechanisms.waveform.wfdb import read_header, read_record
from ops_app.modules.radiology.models import Recording, RecordingFile
from ops_app.modules.radiology.study_view import lead_facts, problem_text
from ops_app.modules.visits.models import ServiceRequest

MOST_BYTES = 64 * 1024 * 1024


def bring(
    session: Session,
    actor: Actor,
    patient_id: int,
    organization_id: int,
    files: Mapping[str, bytes],
    request: ServiceRequest | None = None,
) -> Recording:
    """Keep a record of a person; a file that is not of it is refused, so that nothing is lost unnoticed."""
    named = {PurePosixPath(name.replace("\\", "/")).name: content for name, content in files.items() if content}
    if sum(map(len, named.values())) > MOST_BYTES:
        raise Invalid(_("Together the files may have %(n)s MB at most", n=MOST_BYTES // 1024 // 1024), field="files")
    headers = [name for name in named if name.lower().endswith(".hea")]
    if len(headers) != 1:
        raise Invalid(_("Choose one header (.hea) together with its signal files"), field="files")
    try:
        header = read_header(named[headers[0]].decode("utf-8", "replace"))
        recording = read_record(header, named)
    except WaveformError as problem:
        raise Invalid(problem_text(problem), field="files") from None
    # annotations of a record bear its name: 100.atr, 100.qrs; they are kept beside it
    known = {headers[0], *header.files, *(name for name in named if PurePosixPath(name).stem == header.record)}
    strange = sorted(set(named) - known)
    if strange:
        raise Invalid(_("The header does not name these files: %(names)s", names=", ".join(strange)), field="files")
    sums = {name: hashlib.sha256(named[name]).hexdigest() for name in known}
    _refuse_twice(session, patient_id, headers[0], sums[headers[0]], {sums[name] for name in header.files})
    now = clock.now()
    row = Recording(
        patient_id=patient_id,
        organization_id=organization_id,
        service_request_id=request.id if request is not None else None,
        name=header.record[:80],
        recorded_on=_moment(header.started_at) or now,
        seconds=recording.seconds,
        leads=lead_facts(recording),
        received_by=actor.login,
    )
    session.add(row)
    session.flush()
    for name in sorted(known):
        session.add(RecordingFile(recording_id=row.id, name=name, sha256=sums[name], content=named[name]))
    session.flush()
    audit.changed(
        session,
        actor,
        entity="radiology.recording",
        entity_id=row.id,
        patient_id=patient_id,
        after=audit.snapshot(row) | {"files": sums},
    )
    return row


def _moment(started_at: dt.datetime | None) -> dt.datetime | None:
    if started_at is None:
        return None
    found = clock.from_local(started_at.date(), started_at.time())
    return found if found <= clock.now() else None


def _refuse_twice(session: Session, patient_id: int, name: str, header_sum: str, signal_sums: set[str]) -> None:
    same = session.scalars(
        select(RecordingFile.recording_id)
        .join(Recording, Recording.id == RecordingFile.recording_id)
        .where(Recording.patient_id == patient_id, RecordingFile.name == name, RecordingFile.sha256 == header_sum)
    ).all()
    for recording_id in same:
        stored = set(session.scalars(select(RecordingFile.sha256).where(RecordingFile.recording_id == recording_id)))
        if signal_sums <= stored:
            raise Conflict(_("This record is stored already"))
