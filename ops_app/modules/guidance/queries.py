"""Every SELECT about protocols and conditions of services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, undefer

from ops_app import i18n
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit.spelling import fold
from ops_app.modules.guidance.models import Protocol, ServiceRule
from ops_app.modules.visits.models import Procedure, ServiceRequest


def fits(prefixes: Iterable[str], code: str) -> bool:
    """Whether a diagnosis begins with one of the codes."""
    return any(code == prefix or code.startswith(prefix if "." in prefix else f"{prefix}.") for prefix in prefixes)


def title(row: Protocol) -> str:
    """The title in the language of the request; English readers get the Russian one."""
    return row.title_kk if i18n.language() == "kk" else row.title_ru


def hint(row: ServiceRule) -> str:
    """The condition in the language of the request; English readers get the Russian one."""
    return row.hint_kk if i18n.language() == "kk" else row.hint_ru


def protocols(session: Session, text: str = "") -> list[Protocol]:
    """Protocols in force: all, those of a diagnosis, or those whose title holds the words."""
    rows = session.scalars(
        select(Protocol).where(Protocol.replaced_at.is_(None)).order_by(Protocol.title_ru, Protocol.id)
    ).all()
    text = text.strip()
    if not text:
        return list(rows)
    wanted = [fold(word) for word in text.split()]
    return [row for row in rows if fits(row.icd10, text.upper()) or _names(row, wanted)]


def _names(row: Protocol, wanted: list[str]) -> bool:
    words = " ".join(fold(word) for word in f"{row.title_kk} {row.title_ru}".split())
    return bool(any(wanted)) and all(word in words for word in wanted)


def for_diagnoses(session: Session, codes: Iterable[str]) -> dict[str, list[Protocol]]:
    """Protocols in force by diagnosis; diagnoses without one are left out."""
    wanted = sorted(set(codes))
    rows = protocols(session) if wanted else []
    found = {code: [row for row in rows if fits(row.icd10, code)] for code in wanted}
    return {code: listed for code, listed in found.items() if listed}


def protocol_or_404(session: Session, protocol_id: int, *, content: bool = False) -> Protocol:
    """A protocol, also one that was replaced."""
    options = [undefer(Protocol.content)] if content else []
    row = session.get(Protocol, protocol_id, options=options)
    if row is None:
        raise NotFound(_("There is no such protocol"))
    return row


def versions(session: Session, code: str) -> Sequence[Protocol]:
    """All versions of a protocol, newest first."""
    return session.scalars(
        select(Protocol).where(Protocol.code == code).order_by(Protocol.approved_on.desc(), Protocol.id.desc())
    ).all()


def all_rules(session: Session) -> Sequence[ServiceRule]:
    """All conditions, those that count first."""
    return session.scalars(
        select(ServiceRule).order_by(
            ServiceRule.effective_to.desc().nulls_first(), ServiceRule.service_code, ServiceRule.id
        )
    ).all()


def rule_or_404(session: Session, rule_id: int) -> ServiceRule:
    """A condition."""
    row = session.get(ServiceRule, rule_id)
    if row is None:
        raise NotFound(_("There is no such condition"))
    return row


def rules(session: Session, codes: Iterable[str], day: dt.date) -> Sequence[ServiceRule]:
    """Conditions of services that count on a day."""
    return session.scalars(
        select(ServiceRule)
        .where(
            ServiceRule.service_code.in_(sorted(set(codes))),
            ServiceRule.effective_from <= day,
            or_(ServiceRule.effective_to.is_(None), ServiceRule.effective_to > day),
        )
        .order_by(ServiceRule.service_code, ServiceRule.id)
    ).all()


def last_rendered(
    session: Session, records: Sequence[int], code: str, before: dt.datetime, but: int | None
) -> dt.datetime | None:
    """When a service was rendered to a person the last time before a moment."""
    statement = select(Procedure.event_at).where(
        Procedure.patient_id.in_(records),
        Procedure.code == code,
        Procedure.event_at <= before,
        Procedure.status != "cancelled",
        Procedure.entered_in_error_at.is_(None),
    )
    if but is not None:
        statement = statement.where(Procedure.id != but)
    return session.scalar(statement.order_by(Procedure.event_at.desc()).limit(1))


def is_referred(session: Session, records: Sequence[int], code: str, before: dt.datetime) -> bool:
    """Whether somebody referred the person to a service in the year before a moment."""
    found = session.scalar(
        select(ServiceRequest.id)
        .where(
            ServiceRequest.patient_id.in_(records),
            ServiceRequest.code == code,
            ServiceRequest.status.not_in(("draft", "cancelled")),
            ServiceRequest.entered_in_error_at.is_(None),
            ServiceRequest.event_at <= before,
            ServiceRequest.event_at > before - dt.timedelta(days=365),
        )
        .limit(1)
    )
    return found is not None
