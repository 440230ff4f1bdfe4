"""Writing the audit journal: every read of a person's data and every change, in the same transaction.

``audit.read(session, actor, patient_id, rule="attached")`` for what was shown,
``audit.changed(session, actor, entity="visits.encounter", entity_id=7, after={…})`` for what was
written. Routes with ``{patient_id}`` in the address get their read row from ``ops_app.patient_access``
and cannot forget it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Boolean, Float, Integer, Row, Text
from sqlalchemy.orm import Session, class_mapper

from ops_app.actor import Actor
from ops_app.kit import request_context
from ops_app.kit.model import column_names
from ops_app.modules.audit.models import Event

SYSTEM = "system"
"""The login of what no person did: background work, parts of the installation."""
SHELL = "shell:"
"""Before the account of the operating system that typed a command: nobody signed in for it here."""


def read(session: Session, actor: Actor, patient_id: int, *, rule: str, entity: str | None = None) -> None:
    """Record that the actor saw data of a person, and the rule that allowed it."""
    _write(session, "read", actor, patient_id=patient_id, rule=rule, entity=entity)


def read_many(session: Session, actor: Actor, patient_ids: Iterable[int], *, rule: str) -> None:
    """Record that a list named several people."""
    for patient_id in patient_ids:
        read(session, actor, patient_id, rule=rule)


def read_by_program(session: Session, login: str, patient_ids: Iterable[int], *, rule: str, action: str) -> None:
    """Record that a registered program, such as an imaging station, was given data of people."""
    context = request_context.current()
    for patient_id in patient_ids:
        session.add(
            Event(
                kind="read",
                action=action,
                login=login,
                patient_id=patient_id,
                rule=rule,
                request_id=context.request_id,
                ip=context.ip,
            )
        )


def changed(
    session: Session,
    actor: Actor | None,
    *,
    entity: str,
    entity_id: object,
    patient_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    rule: str | None = None,
) -> None:
    """Record a change with the values before and after; only the fields that differ are kept."""
    if before is not None and after is not None:
        names = [name for name in after if before.get(name) != after[name]]
        before = {name: before.get(name) for name in names}
        after = {name: after[name] for name in names}
    _write(
        session,
        "write",
        actor,
        entity=entity,
        entity_id=entity_id,
        patient_id=patient_id,
        before=before,
        after=after,
        rule=rule,
    )


def security(session: Session, login: str, action: str, *, account_id: int | None = None, **details: Any) -> None:
    """Record an event of access control: sign-in, lock, revoked session, given role."""
    context = request_context.current()
    session.add(
        Event(
            kind="security",
            action=action,
            login=login,
            account_id=account_id,
            after=plain(details) or None,
            request_id=context.request_id,
            ip=context.ip,
        )
    )


def typed_by() -> str:
    """The login of what nobody signed in for: the command's account of the operating system, else the system itself."""
    operator = request_context.current().operator
    return f"{SHELL}{operator}" if operator else SYSTEM


_ALREADY_PLAIN = frozenset({type(None), str, int, float, bool})


def snapshot(row: Any) -> dict[str, Any]:
    """The columns of a loaded row, for ``before`` and ``after``."""
    loaded = vars(row)
    # an attribute that has expired is not among them and is read again
    return {name: loaded[name] if name in loaded else getattr(row, name) for name in column_names(row.__class__)}


def as_json(row: Any) -> dict[str, Any]:
    """The columns of a loaded row as JSON can hold them."""
    return _told(row.__class__, snapshot(row))


def columns_as_json(model: Any, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """The same of a row of all columns of a table, in their order."""
    return _told(model, dict(zip(column_names(model), row, strict=True)))


def _told(model: Any, values: dict[str, Any]) -> dict[str, Any]:
    # a card has thousands of values, most of them texts, numbers or nothing
    for name in _not_plain(model):
        value = values[name]
        if value is not None:
            values[name] = _plain(value)
    return values


@functools.cache
def _not_plain(model: type[Any]) -> tuple[str, ...]:
    kinds = {each.key: each.columns[0].type for each in class_mapper(model).column_attrs}
    return tuple(name for name, kind in kinds.items() if not isinstance(kind, Text | Integer | Boolean | Float))


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values as JSON can hold them."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    # most values of most rows; a card has thousands of them
    if type(value) in _ALREADY_PLAIN:
        return value
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def _write(session: Session, kind: str, actor: Actor | None, **about: Any) -> None:
    context = request_context.current()
    for name in ("before", "after"):
        if about.get(name) is not None:
            about[name] = plain(about[name])
    if about.get("entity_id") is not None:
        about["entity_id"] = str(about["entity_id"])
    session.add(
        Event(
            kind=kind,
            action=context.action or "command",
            login=actor.login if actor else typed_by(),
            account_id=actor.account_id if actor else None,
            request_id=context.request_id,
            ip=context.ip,
            **about,
        )
    )
