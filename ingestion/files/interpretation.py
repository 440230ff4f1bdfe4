"""Makes records of an archived file of results."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from ingestion.astm.reading import Meanings, Measured, take
from ingestion.astm.values import moment
from ingestion.files.tables import BadTable, Row, read
from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app.mechanisms.device_messages.analyser_profile import FileLayout, Profile, profile
from ops_app.modules.devices import queries as devices
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.lab_quality import queries as quality

_NOT_MEASURED = frozenset({"", "undetermined", "n/a", "-"})


class BadRows(NotInterpreted):
    """Some rows cannot be read; each is named, and none of the file is taken until they can."""

    def __init__(self, rows: Sequence[tuple[int, NotInterpreted]]):
        first_row, first = rows[0]
        super().__init__(first.text, segment="row", sequence=first_row, field=first.field)
        self._rows = rows

    @property
    def as_json(self) -> dict[str, object]:
        """With all rows."""
        faults = [error.as_json | {"segment": "row", "sequence": number} for number, error in self._rows]
        return super().as_json | {"faults": faults}


def interpret(session: Session, row: InboundMessage) -> Outcome:
    """Results become one report a tube; controls become runs of quality control."""
    device = devices.by_sender(session, "file", row.sender)
    if device is None:
        raise NotInterpreted("No device of this name is registered")
    declared = profile(device.profile, "file")
    if declared.file is None:
        raise NotInterpreted("The device has no profile for files")
    try:
        lines = read(row.raw, declared.file.columns)
    except BadTable as refused:
        raise NotInterpreted(str(refused), segment="file") from None
    bad: list[tuple[int, NotInterpreted]] = []
    meanings = Meanings(session, device, declared)
    tubes: dict[str, list[Measured]] = {}
    for line in lines:
        try:
            measured = _measured(line, declared, declared.file, row)
            if measured is None or _is_control_of_the_plate(session, line, declared.file, device.organization_id):
                continue
            if not line.cells["specimen"]:
                raise NotInterpreted("The row does not say which tube was measured")
            if meanings.result(measured) is not None:
                tubes.setdefault(line.cells["specimen"], []).append(measured)
        except NotInterpreted as refused:
            bad.append((line.number, refused))
    if bad:
        raise BadRows(bad)
    records: list[Became] = []
    for specimen, group in tubes.items():
        key = f"{row.sha256.hex()[:32]}:{specimen}"
        records += take(session, device, declared, "file", specimen, group, key)
    note = None if records else "nothing_to_take"
    return Outcome(tuple(records), organization_id=device.organization_id, note=note)


def place(session: Session, row: InboundMessage) -> int | None:
    """The organisation of the sender, where it can be told."""
    device = devices.by_sender(session, "file", row.sender)
    return device.organization_id if device else None


def _measured(line: Row, declared: Profile, layout: FileLayout, row: InboundMessage) -> Measured | None:
    """The value of a row, a number before a word; None for a row that only says that the analyser worked."""
    word = line.cells.get("interpretation", "")
    if word in layout.skip_interpretations:
        return None
    value = line.cells.get("value", "")
    if value.lower() in _NOT_MEASURED:
        value = word
    code = line.cells.get("code") or layout.code or ""
    if declared.ignores(code):
        return None
    is_number = value != word
    return Measured(
        code=code,
        value=value,
        unit=line.cells.get("unit") or (layout.unit or "" if is_number else ""),
        at=moment(line.cells.get("observed", "")) or row.received_at,
        sequence=line.number,
        flag=word or None,
        segment="row",
    )


def _is_control_of_the_plate(session: Session, line: Row, layout: FileLayout, organization_id: int) -> bool:
    """Plates carry positive and negative wells of the kit, which are of no lot of the laboratory."""
    specimen, task = line.cells["specimen"], line.cells.get("task", "")
    named = specimen.upper().startswith(tuple(each.upper() for each in layout.control_specimens or ("\0",)))
    marked = task.upper() in {each.upper() for each in layout.control_tasks}
    return (named or marked) and quality.open_lot(session, organization_id, specimen) is None
