"""Results as the card shows them: the newest of each parameter, one parameter over time, reports that are documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.i18n import ngettext
from ops_app.kit.dates import show_moment
from ops_app.kit.numbers import show_number
from ops_app.modules.laboratory.blood import established, group_text
from ops_app.modules.laboratory.models import FollowUp, LabOrder, OrderService, Parameter, Report, Result, ResultFile
from ops_app.modules.laboratory.ranges import ABNORMAL
from ops_app.modules.laboratory.values import show_range, show_value, title_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.visits.vitals import show_unit
from ops_app.ui.render import local_name

SHOWN = 400
LONGEST_VALUE = 20_000
"""Letters of one value on the page of a person; a file sent as text would leave nothing else of it usable."""


@dataclass(frozen=True)
class Shown:
    """A result with where it came from."""

    result: Result
    parameter: Parameter
    place: str
    order_id: int | None

    @property
    def title(self) -> str:
        return title_of(self.parameter)

    @property
    def value(self) -> str:
        return show_value(self.parameter, self.result)

    @property
    def unit(self) -> str:
        return show_unit(self.parameter.unit)

    @property
    def limits(self) -> str:
        return show_range(self.parameter, self.result)


def orders_of(session: Session, records: Sequence[int]) -> Sequence[LabOrder]:
    """Orders of a person, newest first."""
    return session.scalars(
        select(LabOrder)
        .where(LabOrder.patient_id.in_(records))
        .order_by(LabOrder.ordered_at.desc(), LabOrder.id.desc())
        .limit(50)
    ).all()


def _shown(session: Session, statement: object) -> list[Shown]:
    found = session.execute(statement).all()  # type: ignore[call-overload]
    ids = {row.LabOrder.laboratory_id for row in found if row.LabOrder}
    places = {
        place.id: local_name(place) for place in session.scalars(select(Organization).where(Organization.id.in_(ids)))
    }
    return [
        Shown(
            row.Result,
            row.Parameter,
            row.Result.performer or (places.get(row.LabOrder.laboratory_id, "") if row.LabOrder else ""),
            row.LabOrder.id if row.LabOrder else None,
        )
        for row in found
    ]


def _results(records: Sequence[int]) -> object:
    return (
        select(Result, Parameter, LabOrder)
        .join(Parameter, Parameter.id == Result.parameter_id)
        .outerjoin(OrderService, OrderService.id == Result.order_service_id)
        .outerjoin(LabOrder, LabOrder.id == OrderService.order_id)
        .where(Result.patient_id.in_(records), Result.status == "confirmed", Result.is_current)
    )


def newest_results(session: Session, records: Sequence[int]) -> list[Shown]:
    """The newest confirmed value of each parameter, abnormal ones of the same day first."""
    newest: dict[int, Shown] = {}
    rows = _shown(
        session,
        _results(records).order_by(Result.measured_at.desc(), Result.id.desc()).limit(SHOWN),  # type: ignore[attr-defined]
    )
    for row in rows:
        newest.setdefault(row.parameter.id, row)
    return list(newest.values())


def history(session: Session, records: Sequence[int], parameter: Parameter) -> list[Shown]:
    """All confirmed values of a parameter, oldest first."""
    return _shown(
        session,
        _results(records)  # type: ignore[attr-defined]
        .where(Result.parameter_id == parameter.id)
        .order_by(Result.measured_at, Result.id)
        .limit(SHOWN),
    )


def abnormal_of(session: Session, row: FollowUp) -> list[Shown]:
    """The values a follow-up is about."""
    statement = _results([row.patient_id]).where(Result.flag.in_(ABNORMAL))  # type: ignore[attr-defined]
    statement = (
        statement.where(LabOrder.id == row.order_id)
        if row.order_id is not None
        else statement.where(Result.report_id == row.report_id)
    )
    return _shown(session, statement.order_by(Result.id))


@dataclass(frozen=True)
class Document:
    """A report of another laboratory that is shown as it came."""

    report: Report
    files: list[ResultFile]

    @property
    def lines(self) -> list[str]:
        """Its values as they were sent."""
        told = []
        for result in self.report.content.get("results", []):
            number = result.get("value_number")
            text = result.get("value_text") or result.get("value_code")
            value = show_number(number, 2) if number is not None else text
            parts = (result.get("name") or result.get("code"), result.get("comparator"), value, result.get("unit"))
            told.append(_cut(" ".join(str(part) for part in parts if part)))
        return told


def _cut(value: str) -> str:
    more = len(value) - LONGEST_VALUE
    if more <= 0:
        return value
    said = ngettext(
        "%(num)d more letter stands in the message it came in",
        "%(num)d more letters stand in the message it came in",
        more,
    )
    return f"{value[:LONGEST_VALUE]}… [{said}]"


def documents_of(session: Session, records: Sequence[int]) -> list[Document]:
    """Reports of other laboratories, newest first."""
    reports = session.scalars(
        select(Report)
        .where(Report.patient_id.in_(records), Report.state == "external")
        .order_by(Report.recorded_at.desc())
        .limit(50)
    ).all()
    files: dict[int, list[ResultFile]] = {}
    for file in session.scalars(select(ResultFile).where(ResultFile.report_id.in_([report.id for report in reports]))):
        files.setdefault(file.report_id or 0, []).append(file)
    return [Document(report, files.get(report.id, [])) for report in reports]


def blood_group_text(session: Session, records: Sequence[int]) -> str | None:
    """The established blood group, or nothing."""
    found = established(session, records)
    return group_text(found.abo, found.rhesus) if found is not None else None


@dataclass(frozen=True)
class Chart:
    """A line of values in a drawing of 600 × 180, with the band that is usual."""

    points: list[tuple[float, float, str, bool]]
    band: tuple[float, float] | None
    lowest: str
    highest: str


def chart(rows: Sequence[Shown]) -> Chart | None:
    """Numbers over time; nothing for values that are none."""
    numbers = [(row, row.result.value_number) for row in rows if row.result.value_number is not None]
    if not numbers:
        return None
    last = numbers[-1][0].result
    limits = [limit for limit in (last.low, last.high) if limit is not None]
    low, high = (edge([*(value for _row, value in numbers), *limits]) for edge in (min, max))
    margin = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    low, high = low - margin, high + margin
    start, end = numbers[0][0].result.measured_at, numbers[-1][0].result.measured_at
    span = (end - start).total_seconds()

    def place(value: float) -> float:
        return round(160 - 140 * (value - low) / (high - low), 1)

    points = [
        (
            round(60 + 520 * ((row.result.measured_at - start).total_seconds() / span if span else 0.5), 1),
            place(value),
            f"{show_moment(row.result.measured_at)}: {row.value} {row.unit}",
            row.result.flag in ABNORMAL,
        )
        for row, value in numbers
    ]
    band = None
    if limits:
        top = place(last.high) if last.high is not None else 10.0
        bottom = place(last.low) if last.low is not None else 165.0
        band = (top, round(bottom - top, 1))
    digits = numbers[-1][0].parameter.decimals
    return Chart(points, band, show_number(low, digits), show_number(high, digits))
