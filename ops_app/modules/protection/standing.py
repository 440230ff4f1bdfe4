"""How the installation stands: every check with its result, and whether personal data may leave."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app.errors import Conflict
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.outbox.declaration import System
from ops_app.modules.protection import queries
from ops_app.modules.protection.declarations import Check, checks
from ops_app.modules.protection.measures import MEASURES, Finding
from ops_app.modules.protection.models import Statement
from saulyq.settings import Mode, Settings, settings

OPEN_SECONDS = 3.0
"""For so long a process believes that all was met, for the reads of programs. A refusal is never remembered."""

_met: WeakKeyDictionary[Engine, tuple[Settings, float]] = WeakKeyDictionary()
"""Under which settings all was met, and until when that is believed."""


@dataclass(frozen=True, slots=True)
class Result:
    """A check as it stands now."""

    check: Check
    is_met: bool
    detail: str
    statement: Statement | None = None


def results(session: Session) -> dict[str, Result]:
    """Every check measured or looked up now, by its code."""
    said = queries.statements(session)
    measured = {code: measure(session, settings()) for code, measure in MEASURES.items()}
    return {code: _result(check, measured, said.get(code)) for code, check in checks().items()}


def _result(check: Check, measured: dict[str, Finding], statement: Statement | None) -> Result:
    if check.kind == "measured":
        return Result(check, measured[check.code].is_met, measured[check.code].detail)
    if statement is None:
        return Result(check, False, _("nobody confirmed it yet"))
    if not statement.is_met:
        return Result(check, False, _("found not to hold"), statement)
    if statement.expires_on < clock.today():
        return Result(check, False, _("the confirmation has expired"), statement)
    lacking = [str(checks()[code].title) for code in check.also if not measured[code].is_met]
    if lacking:
        return Result(check, False, _("not met: %(checks)s", checks=", ".join(lacking)), statement)
    return Result(check, True, _("until %(day)s", day=show_date(statement.expires_on)), statement)


def lacking(session: Session) -> list[Result]:
    """Required checks that are not met."""
    return [result for result in results(session).values() if result.check.required and not result.is_met]


def is_enforced() -> bool:
    """Whether unmet checks stop anything: elsewhere than in production people are synthetic."""
    return settings().mode is Mode.production


def refuse_unprotected(session: Session) -> None:
    """Stop whatever leaves the installation while the law's protection is not in place."""
    if not is_enforced():
        return
    if found := lacking(session):
        named = "; ".join(str(result.check.title) for result in found)
        raise Conflict(
            _("Personal data may not leave while checks of their protection are not met: %(checks)s", checks=named),
            advice=_("The page “Protection of personal data” says what to do about each."),
        )


def refuse_unprotected_program(session: Session) -> None:
    """As ``refuse_unprotected``, for programs that read many times a second: measuring costs more than they read."""
    if not _is_believed(session):
        refuse_unprotected(session)
        _believe(session)


def unmet_for_program(session: Session) -> list[str]:
    """Codes of the checks that close what a program reads now, remembered in the same way."""
    if not is_enforced() or _is_believed(session):
        return []
    found = [result.check.code for result in lacking(session)]
    if not found:
        _believe(session)
    return found


def _is_believed(session: Session) -> bool:
    known = _met.get(session.get_bind().engine)
    return known is not None and known[0] is settings() and monotonic() < known[1]


def _believe(session: Session) -> None:
    _met[session.get_bind().engine] = (settings(), monotonic() + OPEN_SECONDS)


def why_closed(session: Session, system: System) -> str | None:
    """Why messages may not go to a system now, as a code for its page; None when they may."""
    if not is_enforced():
        return None
    if queries.place_of_system(session, system.name) is None:
        return "its place is not declared"
    found = [result.check.code for result in lacking(session)]
    return f"protection: {', '.join(found)}" if found else None
