"""Editions of reference books: what a file would change, loading it, and what was in force before."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_, update
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.classifiers.loading import ConceptRow, completed, store_concepts
from ops_app.modules.classifiers.models import CodeSystem, CodeSystemVersion, Concept, ConceptChange

TOLD = ("parent_code", "kind", "title_kk", "title_ru", "title_en", "unit", "is_selectable")
State = Mapping[str, Any]
Code = tuple[str, str]
"""A system and a code of it."""


@dataclass
class Changes:
    """What a list does to the codes that are in force, by code: before and after."""

    added: dict[str, State] = field(default_factory=dict)
    changed: dict[str, tuple[State, State]] = field(default_factory=dict)
    withdrawn: dict[str, State] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many codes differ."""
        return len(self.added) + len(self.changed) + len(self.withdrawn)


def system_or_404(session: Session, system: str) -> CodeSystem:
    """A reference book."""
    row = session.scalar(select(CodeSystem).where(CodeSystem.system == system))
    if row is None:
        raise NotFound(_("There is no such reference book"))
    return row


def systems(session: Session) -> Sequence[Row[CodeSystem, int]]:
    """All reference books with the number of codes in force."""
    counted = (
        select(Concept.system, func.count().label("codes"))
        .where(Concept.is_selectable)
        .group_by(Concept.system)
        .subquery()
    )
    return session.execute(
        select(CodeSystem, func.coalesce(counted.c.codes, 0).label("codes"))
        .outerjoin(counted, counted.c.system == CodeSystem.system)
        .order_by(CodeSystem.title_ru, CodeSystem.id)
    ).all()


def editions(session: Session, system: str) -> Sequence[CodeSystemVersion]:
    """Editions that were loaded, newest first."""
    return session.scalars(
        select(CodeSystemVersion)
        .where(CodeSystemVersion.system == system)
        .order_by(CodeSystemVersion.effective_from.desc(), CodeSystemVersion.id.desc())
    ).all()


def plan(session: Session, system: str, rows: Sequence[ConceptRow], *, is_complete: bool) -> Changes:
    """What a list would change, without changing it."""
    stored = {
        row.code: {name: getattr(row, name) for name in TOLD}
        for row in session.scalars(select(Concept).where(Concept.system == system))
    }
    found = Changes()
    for row in rows:
        old = stored.pop(row["code"], None)
        new = {name: completed(row, old or {})[name] for name in TOLD}  # type: ignore[literal-required]
        if old is None:
            found.added[row["code"]] = new
        elif old != new:
            found.changed[row["code"]] = (old, new)
    if is_complete:
        found.withdrawn = {code: old for code, old in stored.items() if old["is_selectable"]}
    return found


def load(
    session: Session,
    actor: Actor | None,
    system: str,
    version: str,
    effective_from: dt.date,
    rows: Sequence[ConceptRow],
    *,
    content: bytes,
    is_complete: bool,
) -> CodeSystemVersion:
    """Bring an edition into force; the codes it does not name are withdrawn when it is complete."""
    book = session.scalar(select(CodeSystem).where(CodeSystem.system == system).with_for_update())
    if book is None:
        raise NotFound(_("There is no such reference book"))
    known = editions(session, system)
    if any(each.version == version for each in known):
        raise Invalid(_("This edition is loaded already"), field="version")
    if effective_from > clock.today():
        raise Invalid(_("A list is loaded on the day it comes into force, or later"), field="effective_from")
    if known and effective_from < known[0].effective_from:
        raise Invalid(
            _("The edition in force began on %(day)s", day=show_date(known[0].effective_from)), field="effective_from"
        )
    changes = plan(session, system, rows, is_complete=is_complete)
    row = CodeSystemVersion(
        system=system,
        version=version,
        effective_from=effective_from,
        is_complete=is_complete,
        file_hash=hashlib.sha256(content).hexdigest(),
        loaded_by=actor.login if actor is not None else audit.SYSTEM,
        added=len(changes.added),
        changed=len(changes.changed),
        withdrawn=len(changes.withdrawn),
    )
    session.add(row)
    session.flush()
    session.add_all(_rows(row, changes))
    store_concepts(session.connection(), system, rows)
    if changes.withdrawn:
        session.execute(
            update(Concept)
            .where(Concept.system == system, Concept.code.in_(list(changes.withdrawn)))
            .values(is_selectable=False)
        )
    session.flush()
    audit.changed(
        session,
        actor,
        entity="classifiers.code_system_version",
        entity_id=row.id,
        after={"system": system, "version": version, "effective_from": effective_from, "hash": row.file_hash}
        | {"added": row.added, "changed": row.changed, "withdrawn": row.withdrawn},
    )
    return row


def _rows(version: CodeSystemVersion, changes: Changes) -> list[ConceptChange]:
    def change(code: str, kind: str, before: State | None, after: State | None) -> ConceptChange:
        return ConceptChange(
            version_id=version.id, system=version.system, code=code, kind=kind, before=before, after=after
        )

    return [
        *(change(code, "added", None, after) for code, after in changes.added.items()),
        *(change(code, "changed", before, after) for code, (before, after) in changes.changed.items()),
        *(
            change(code, "withdrawn", before, {**before, "is_selectable": False})
            for code, before in changes.withdrawn.items()
        ),
    ]


def history(session: Session, system: str, code: str) -> Sequence[Row[ConceptChange, CodeSystemVersion]]:
    """What editions did to a code, the newest first."""
    return session.execute(
        select(ConceptChange, CodeSystemVersion)
        .join(CodeSystemVersion, CodeSystemVersion.id == ConceptChange.version_id)
        .where(ConceptChange.system == system, ConceptChange.code == code)
        .order_by(CodeSystemVersion.effective_from.desc(), ConceptChange.id.desc())
    ).all()


def on(session: Session, system: str, code: str, day: dt.date) -> State | None:
    """What a code said on a day; None when it did not exist yet."""
    return states_on(session, system, [code], day).get(code)


def states_on(session: Session, system: str, codes: Iterable[str], day: dt.date) -> dict[str, State]:
    """What several codes said on a day; one that did not exist yet is left out."""
    found = _states_on(session, [(system, code) for code in codes], day)
    return {code: state for (_system, code), state in found.items()}


def offered_on(session: Session, system: str, codes: Iterable[str], day: dt.date) -> set[str]:
    """Those of some codes that could be chosen on a day, by the edition that was in force then."""
    return offered_of_each(session, {system: codes}, day)[system]


def offered_of_each(session: Session, wanted: Mapping[str, Iterable[str]], day: dt.date) -> dict[str, set[str]]:
    """The same for codes of several systems."""
    states = _states_on(session, {(system, code) for system, codes in wanted.items() for code in codes}, day)
    found: dict[str, set[str]] = {system: set() for system in wanted}
    for (system, code), state in states.items():
        if state["is_selectable"]:
            found[system].add(code)
    return found


def _states_on(session: Session, wanted: Collection[Code], day: dt.date) -> dict[Code, State]:
    if not wanted:
        return {}
    rows = session.scalars(select(Concept).where(tuple_(Concept.system, Concept.code).in_(list(wanted))))
    now = {(row.system, row.code): {name: getattr(row, name) for name in TOLD} for row in rows}
    changed = session.execute(
        _before_changes(day).where(tuple_(ConceptChange.system, ConceptChange.code).in_(list(wanted)))
    )
    then = now | {(row.system, row.code): row.before for row in changed}
    return {code: state for code, state in then.items() if state is not None}


def changed_after(session: Session, system: str, day: dt.date) -> dict[str, State | None]:
    """What the codes that editions changed after a day had said on it; None: they did not exist yet."""
    changed = session.execute(_before_changes(day).where(ConceptChange.system == system))
    return {row.code: row.before for row in changed}


def _before_changes(day: dt.date) -> Select[str, str, State | None]:
    """What the first change of a code after a day replaced."""
    return (
        select(ConceptChange.system, ConceptChange.code, ConceptChange.before)
        .distinct(ConceptChange.system, ConceptChange.code)
        .join(CodeSystemVersion, CodeSystemVersion.id == ConceptChange.version_id)
        .where(CodeSystemVersion.effective_from > day)
        .order_by(ConceptChange.system, ConceptChange.code, CodeSystemVersion.effective_from, ConceptChange.id)
    )


def edition_on(session: Session, system: str, day: dt.date) -> str | None:
    """The edition in force on a day; None for a book that was loaded without one."""
    return session.scalar(
        select(CodeSystemVersion.version)
        .where(CodeSystemVersion.system == system, CodeSystemVersion.effective_from <= day)
        .order_by(CodeSystemVersion.effective_from.desc(), CodeSystemVersion.id.desc())
        .limit(1)
    )


def difference(session: Session, older: CodeSystemVersion, newer: CodeSystemVersion) -> Changes:
    """What changed between two editions: several changes of one code count once."""
    rows = session.execute(
        select(ConceptChange, CodeSystemVersion)
        .join(CodeSystemVersion, CodeSystemVersion.id == ConceptChange.version_id)
        .where(ConceptChange.system == older.system)
        .order_by(CodeSystemVersion.effective_from, CodeSystemVersion.id, ConceptChange.id)
    ).all()
    start, end = _place(older), _place(newer)
    first: dict[str, State | None] = {}
    last: dict[str, State | None] = {}
    for change, version in rows:
        if start < _place(version) <= end:
            first.setdefault(change.code, change.before)
            last[change.code] = change.after
    found = Changes()
    for code, before in first.items():
        after = last[code]
        is_there = bool(after and after["is_selectable"])
        if before is None or (not before["is_selectable"] and is_there):
            if is_there and after is not None:
                found.added[code] = after
        elif not is_there:
            if before["is_selectable"]:
                found.withdrawn[code] = before
        elif after is not None and before != after:
            found.changed[code] = (before, after)
    return found


def _place(version: CodeSystemVersion) -> tuple[dt.date, int]:
    return version.effective_from, version.id
