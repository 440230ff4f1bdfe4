"""What an analyser measured, free of how it said so: shared by messages and files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from ingestion.astm.values import Comparator, number
from ingestion.outcome import Became, NotInterpreted
from ops_app.mechanisms.device_messages.analyser_profile import Profile
from ops_app.modules.devices import queries as devices
from ops_app.modules.devices.models import CodeMapping, Device
from ops_app.modules.lab_quality import queries as quality
from ops_app.modules.lab_quality import service as quality_service
from ops_app.modules.laboratory.incoming import IncomingPerson, IncomingReport, IncomingResult, receive_report


@dataclass(frozen=True, slots=True)
class Measured:
    """One result as it was sent, and where it stood."""

    code: str
    value: str
    unit: str
    at: dt.datetime
    sequence: int
    """Record or row, for the error."""
    name: str | None = None
    reference: str | None = None
    flag: str | None = None
    status: str = "final"
    segment: str = "R"


class Meanings:
    """What the codes of one device mean: the register first, then its profile."""

    def __init__(self, session: Session, device: Device, profile: Profile):
        self._profile = profile
        self._listed: dict[str, list[CodeMapping]] = {}
        for row in devices.mappings(session, device.id):
            self._listed.setdefault(row.their_code, []).append(row)

    def result(self, measured: Measured) -> IncomingResult | None:
        """The result with the parameter it is of; None when its code is left out on purpose."""
        listed = self._listed.get(measured.code)
        if listed is None:
            parameter = self._profile.codes.get(measured.code)
            if parameter is None:
                if self._profile.ignores(measured.code):
                    return None
                raise NotInterpreted(
                    "The register of devices does not say what this code means",
                    segment=measured.segment,
                    sequence=measured.sequence,
                    field=3,
                )
            return self._made(measured, parameter, self._profile.unit(measured.unit), 1.0)
        fits = [row for row in listed if row.parameter_code is None or (row.their_unit or "") == measured.unit]
        if not fits:
            raise NotInterpreted(
                "The register of devices does not know this unit for the code",
                segment=measured.segment,
                sequence=measured.sequence,
                field=5,
            )
        found = fits[0]
        if found.parameter_code is None:
            return None
        unit = found.unit or self._profile.unit(measured.unit)
        return self._made(measured, found.parameter_code, unit, found.factor)

    def _made(self, measured: Measured, parameter: str, unit: str | None, factor: float) -> IncomingResult:
        if not measured.value:
            raise NotInterpreted("A result has no value", segment=measured.segment, sequence=measured.sequence, field=4)
        parsed = number(measured.value)
        comparator: Comparator | None = parsed[0] if parsed else None
        finding = self._profile.values.get(measured.value)
        return IncomingResult(
            code=parameter,
            code_system="saulyq",
            name=measured.name,
            value_number=parsed[1] * factor if parsed else None,
            comparator=comparator,
            value_code=finding,
            value_text=None if parsed or finding else measured.value,
            unit=unit,
            reference=measured.reference,
            flag=measured.flag,
            status=measured.status,  # type: ignore[arg-type]
            observed_at=measured.at,
        )


def take(
    session: Session,
    device: Device,
    profile: Profile,
    channel: str,
    specimen: str,
    measured: Sequence[Measured],
    source_key: str,
    *,
    is_control: bool = False,
    person: IncomingPerson | None = None,
    conclusion: str | None = None,
) -> list[Became]:
    """Hand the results of one tube to the laboratory, those of a control to quality control."""
    meanings = Meanings(session, device, profile)
    results = [(each, result) for each in measured if (result := meanings.result(each)) is not None]
    if quality.open_lot(session, device.organization_id, specimen) is not None:
        return _controls(session, device, specimen, results, source_key)
    if is_control:
        raise NotInterpreted(
            "The control is of no lot in use", segment=measured[0].segment if measured else "O", field=3
        )
    if not results:
        return []
    if not specimen:
        raise NotInterpreted("The message does not say which tube was measured", segment="O", field=3)
    report = IncomingReport(
        channel=channel,
        sender=device.sender,
        source_key=source_key,
        specimen_barcode=specimen,
        person=person,
        reported_at=max(each.at for each, _ in results),
        analyser=device.id,
        conclusion=conclusion,
        results=tuple(_held(session, device, each, result) for each, result in results),
    )
    return [Became("laboratory.report", receive_report(session, None, report).report_id)]


def _held(session: Session, device: Device, measured: Measured, result: IncomingResult) -> IncomingResult:
    broken = quality_service.holds(session, device.id, result.code, measured.at)
    if broken is None:
        return result
    return replace(result, held_reason="quality_control")


def _controls(
    session: Session,
    device: Device,
    specimen: str,
    results: Sequence[tuple[Measured, IncomingResult]],
    source_key: str,
) -> list[Became]:
    made = []
    for measured, result in results:
        if result.value_number is None:
            continue
        run = quality_service.record_from_device(
            session,
            device,
            specimen,
            result.code,
            result.value_number,
            measured.at,
            f"{source_key}:{measured.sequence}",
        )
        if run is not None:
            made.append(Became("lab_quality.run", run.id))
    return made
