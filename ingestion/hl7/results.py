"""ORU and OUL: results of analysers and of other laboratories, handed to the laboratory as reports."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingestion.hl7.observed import result_of
from ingestion.hl7.people import described, find
from ingestion.hl7.sender import Incoming
from ingestion.outcome import Became, Outcome
from ops_app.mechanisms.device_messages.hl7 import Segment
from ops_app.mechanisms.device_messages.hl7_values import moment, name
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality import queries as quality
from ops_app.modules.lab_quality.service import record_from_device
from ops_app.modules.laboratory.incoming import (
    IncomingPerson,
    IncomingReport,
    parameter_code,
    receive_report,
)
from ops_app.modules.laboratory.incoming_report import Status
from ops_app.modules.patients.models import Patient

STATUSES: dict[str, Status] = {
    "P": "preliminary",
    "A": "preliminary",
    "I": "preliminary",
    "O": "preliminary",
    "S": "preliminary",
    "R": "preliminary",
    "C": "corrected",
    "K": "corrected",
    "X": "cancelled",
    "D": "cancelled",
    "W": "cancelled",
}
"""OBR-25 and OBX-11; whatever else is said is final."""


@dataclass
class Group:
    """One ordered service with what was observed for it."""

    person: Segment | None
    order: Segment | None = None
    request: Segment | None = None
    specimen: Segment | None = None
    observations: list[tuple[Segment, int, list[Segment]]] = field(default_factory=list)
    """OBX, which of the message it is, and its notes."""
    notes: list[Segment] = field(default_factory=list)

    @property
    def segments(self) -> Iterator[Segment]:
        """Everything that belongs to it."""
        yield from (each for each in (self.order, self.request, self.specimen) if each is not None)
        yield from self.notes
        for observation, _number, notes in self.observations:
            yield observation
            yield from notes


def interpret(incoming: Incoming) -> Outcome:
    """One report for each ordered service."""
    records, patient_id = [], None
    for group in groups(incoming.message.segments, specimen_first=incoming.message.kind == "OUL"):
        person, patient = _person(incoming, group.person)
        report = _report(incoming, group, person)
        controls = _controls(incoming, report)
        if controls is not None:
            records += controls
            continue
        received = receive_report(incoming.session, incoming.actor, report)
        records.append(Became("laboratory.report", received.report_id))
        patient_id = patient.id if patient else patient_id
    return Outcome(tuple(records), patient_id=patient_id, organization_id=incoming.organization_or_none)


def _controls(incoming: Incoming, report: IncomingReport) -> list[Became] | None:
    """What an analyser measured of a control lot in use; None when the specimen is of a person."""
    if report.analyser is None or report.specimen_barcode is None:
        return None
    session = incoming.session
    device = session.get_one(Device, report.analyser)
    if quality.open_lot(session, device.organization_id, report.specimen_barcode) is None:
        return None
    made = []
    for number, result in enumerate(report.results, start=1):
        code = parameter_code(session, result)
        if code is None or result.value_number is None:
            continue
        run = record_from_device(
            session,
            device,
            report.specimen_barcode,
            code,
            result.value_number,
            result.observed_at or report.reported_at or incoming.row.received_at,
            f"{report.source_key}:{number}",
        )
        if run is not None:
            made.append(Became("lab_quality.run", run.id))
    return made


def groups(segments: Sequence[Segment], *, specimen_first: bool) -> list[Group]:
    """Orders with their results; in OUL the specimen stands before what was ordered for it, in ORU after it."""
    found: list[Group] = []
    person: Segment | None = None
    specimen: Segment | None = None
    order: Segment | None = None
    number = 0
    for segment in segments:
        match segment.name:
            case "PID":
                person, specimen, order = segment, None, None
            case "SPM" if specimen_first:
                specimen = segment
            case "SPM" if found:
                # results of several requests of one tube share it
                for group in found:
                    if group.specimen is None and group.person is person:
                        group.specimen = segment
            case "ORC" if not specimen_first:
                order = segment
            case "OBR":
                found.append(Group(person, order, segment, specimen))
                order = None
            case "OBX":
                number += 1
                if found:
                    found[-1].observations.append((segment, number, []))
            case "NTE" if found:
                last = found[-1]
                (last.observations[-1][2] if last.observations else last.notes).append(segment)
    if specimen_first:
        _orders_after_requests(segments, found)
    return found


def _orders_after_requests(segments: Sequence[Segment], found: list[Group]) -> None:
    """OUL puts ORC behind OBR."""
    position = -1
    for segment in segments:
        if segment.name == "OBR":
            position += 1
        elif segment.name == "ORC" and position >= 0:
            found[position].order = segment


def _person(incoming: Incoming, segment: Segment | None) -> tuple[IncomingPerson | None, Patient | None]:
    if segment is None:
        return None, None
    named = described(incoming, segment)
    identifiers = list(named.numbers)
    if named.iin:
        identifiers.append(("iin", named.iin))
    patient = find(incoming.session, named)
    if patient is not None and patient.iin and not named.iin:
        identifiers.append(("iin", patient.iin))
    if not identifiers and not named.name.full:
        return None, None
    person = IncomingPerson(
        tuple(identifiers),
        named.name.family or None,
        named.name.given or None,
        named.name.patronymic or None,
        named.birth_date,
        "male" if named.sex == "male" else "female" if named.sex == "female" else None,
    )
    return person, patient


def _report(incoming: Incoming, group: Group, person: IncomingPerson | None) -> IncomingReport:
    request, order = group.request, group.order
    assert request is not None
    device = incoming.device
    placer = request.text(2) or (order.text(2) if order else "")
    filler = request.text(3) or (order.text(3) if order else "")
    observed = [result_of(*each, request) for each in group.observations]
    return IncomingReport(
        channel="hl7",
        sender=incoming.row.sender,
        source_key=_source_key(group, placer, filler),
        placer_number=placer or None,
        filler_number=filler or None,
        specimen_barcode=_barcode(incoming, group),
        person=person,
        service_code=request.text(4, 1) or request.text(4, 4) or None,
        service_name=request.text(4, 2) or request.text(4, 5) or None,
        specimen_type=_specimen_type(group),
        collected_at=moment(group.specimen.text(17) if group.specimen else "") or moment(request.text(7)),
        reported_at=moment(request.text(22)) or moment(incoming.message.header.text(7)),
        status=STATUSES.get(request.text(25), "final"),
        performer=_performer(group) or incoming.facility_name or incoming.row.sender,
        analyser=device.id if device is not None and device.kind == "analyser" else None,
        conclusion="\n".join(filter(None, (note.whole(3) for note in group.notes))) or None,
        results=tuple(result for result in observed if result is not None),
    )


def _source_key(group: Group, placer: str, filler: str) -> str:
    """The same for the same content, whatever number the message has; another one for a correction."""
    digest = hashlib.sha256("\r".join("|".join(each.fields) for each in group.segments).encode()).hexdigest()
    request = group.request
    return f"{filler or placer}:{request.text(4) if request else ''}:{digest[:32]}"


def _barcode(incoming: Incoming, group: Group) -> str | None:
    for place in incoming.profile.specimen.split("|"):
        segment_name, _, number = place.partition("-")
        segment = group.specimen if segment_name == "SPM" else group.request
        if segment is None or segment.name != segment_name:
            continue
        value = segment.value(int(number))
        # SPM-2 is a pair: the number of whoever asked, then that of whoever took it
        if found := value.text(1) or (value.text(2) if segment_name == "SPM" else ""):
            return found
    return None


def _specimen_type(group: Group) -> str | None:
    if group.specimen is not None:
        return group.specimen.text(4, 2) or group.specimen.text(4) or None
    return (group.request.text(15) or None) if group.request is not None else None


def _performer(group: Group) -> str | None:
    for observation, _number, _notes in group.observations:
        who = name(observation.value(16)) if not observation.text(16, 2) else None
        text = observation.text(23) or (who.full if who else observation.text(16, 2))
        if text:
            return text
    return None
