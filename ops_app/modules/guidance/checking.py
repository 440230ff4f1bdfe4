"""Whether the services of a visit keep to the conditions of the order; what is not met is said, never forbidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.guidance import queries
from ops_app.modules.guidance.models import ServiceRule


@dataclass(frozen=True)
class Warning:
    """A service that does not keep to a condition."""

    code: str
    rule: ServiceRule
    why: tuple[str, ...]


def check(session: Session, records: Sequence[int], rows: Mapping[str, Sequence[Any]]) -> list[Warning]:
    """What the services and referrals of one visit do not keep to."""
    services = [row for row in rows.get("procedure", ()) if row.status != "cancelled" and not row.entered_in_error_at]
    referrals = [
        row
        for row in rows.get("service_request", ())
        if row.code and row.status != "cancelled" and not row.entered_in_error_at
    ]
    diagnoses = [row.icd10 for row in rows.get("condition", ()) if row.icd10 and not row.entered_in_error_at]
    prescribed = [*services, *referrals]
    if not prescribed:
        return []
    found: list[Warning] = []
    day = clock.local(prescribed[0].event_at).date()
    known = queries.rules(session, {row.code for row in prescribed}, day)
    for row in prescribed:
        for rule in known:
            if rule.service_code != row.code:
                continue
            why = tuple(_broken(session, records, rule, row, diagnoses, is_service=row in services))
            if why:
                found.append(Warning(row.code, rule, why))
    return found


def guidance_at_visit(session: Session, records: Sequence[int], rows: Mapping[str, Sequence[Any]]) -> dict[str, object]:
    """What the page of a visit shows beside it."""
    diagnoses = (row.icd10 for row in rows.get("condition", ()) if row.icd10 and not row.entered_in_error_at)
    return {
        "guidance_warnings": check(session, records, rows),
        "guidance_protocols": queries.for_diagnoses(session, diagnoses),
        "guidance_title": queries.title,
        "guidance_hint": queries.hint,
    }


def _broken(
    session: Session, records: Sequence[int], rule: ServiceRule, row: Any, diagnoses: list[str], *, is_service: bool
) -> list[str]:
    told: list[str] = []
    reasons = [*diagnoses, *([row.reason_icd10] if getattr(row, "reason_icd10", None) else [])]
    if rule.icd10 and not any(queries.fits(rule.icd10, code) for code in reasons):
        told.append(_("no diagnosis among %(codes)s", codes=", ".join(rule.icd10)))
    if is_service and rule.needs_referral and not queries.is_referred(session, records, row.code, row.event_at):
        told.append(_("without a referral"))
    if rule.interval_days:
        last = queries.last_rendered(session, records, row.code, row.event_at, row.id if is_service else None)
        if last is not None and (row.event_at - last).days < rule.interval_days:
            told.append(_("rendered on %(day)s already", day=show_date(clock.local(last))))
    return told
