"""Another laboratory corrects its own report: what it said before stays readable and counts no more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.i18n import _
from ops_app.modules.laboratory.incoming_report import IncomingReport
from ops_app.modules.laboratory.models import Parameter, Report, Result
from ops_app.modules.laboratory.results import log_result
from ops_app.modules.visits.laboratory_values import withdraw_value


def siblings(session: Session, row: Report, report: IncomingReport) -> tuple[Sequence[Report], Report | None]:
    """Earlier reports under the number of this one that still count, and a later one that came before it."""
    number = "filler_number" if report.filler_number else "placer_number"
    told = report.filler_number or report.placer_number
    if told is None:
        return [], None
    found = session.scalars(
        select(Report)
        .where(
            Report.channel == row.channel,
            Report.sender == row.sender,
            Report.state == "external",
            Report.patient_id == row.patient_id,
            Report.id != row.id,
            Report.replaced_by_id.is_(None),
            Report.content[number].astext == told,
            Report.content["service_code"].astext.is_not_distinct_from(report.service_code),
        )
        .order_by(Report.id)
        .with_for_update()
    ).all()
    moment = report.reported_at
    later = [each for each in found if moment and each.reported_at and each.reported_at > moment]
    newer = later[-1] if later and later[-1].content["status"] != "preliminary" else None
    return [each for each in found if each not in later], newer


def reason_of(report: IncomingReport) -> str:
    """What stands beside the value that counts no more."""
    return _("Corrected by %(name)s", name=report.performer or report.sender)


def take_back(
    session: Session, actor: Actor | None, earlier: Sequence[Report], parameter: Parameter, reason: str
) -> Result | None:
    """Put the value of a parameter in earlier reports out of force; the newest of them, for its version."""
    rows = _current(session, earlier, parameter.id)
    for row in rows:
        _withdraw(session, actor, row, reason)
    return rows[-1] if rows else None


def withdraw_all(session: Session, actor: Actor | None, row: Report, earlier: Sequence[Report], reason: str) -> None:
    """Everything earlier reports said is cancelled."""
    for result in _current(session, earlier, None):
        _withdraw(session, actor, result, reason)
    for each in earlier:
        each.replaced_by_id = row.id
    session.flush()


def close(session: Session, row: Report, report: IncomingReport, earlier: Sequence[Report]) -> None:
    """Say of earlier reports which one took their place, once it repeats everything they said."""
    standing = {result.report_id for result in _current(session, earlier, None)}
    codes = {result.code for result in report.results}
    for each in earlier:
        told = {result["code"] for result in each.content["results"]}
        if each.id not in standing and (each.content["status"] == "preliminary" or told <= codes):
            each.replaced_by_id = row.id
    session.flush()


def _current(session: Session, earlier: Sequence[Report], parameter_id: int | None) -> Sequence[Result]:
    if not earlier:
        return ()
    asked = select(Result).where(
        Result.report_id.in_([each.id for each in earlier]), Result.is_current, Result.status == "confirmed"
    )
    if parameter_id is not None:
        asked = asked.where(Result.parameter_id == parameter_id)
    return session.scalars(asked.order_by(Result.id)).all()


def _withdraw(session: Session, actor: Actor | None, row: Result, reason: str) -> None:
    before = audit.snapshot(row)
    row.status, row.is_current = "corrected", False
    session.flush()
    if row.observation_id is not None:
        withdraw_value(session, actor, row.observation_id, reason)
    log_result(session, actor, row, before)
