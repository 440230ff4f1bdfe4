"""The one place that keeps rows of closed topics from a reader: conditions on every ORM SELECT of his session.

A page, a journal, a FHIR answer or an export need not know of it: what a reader may not see is not found by any
SELECT of his request, neither in rows nor in counts. Work that shows nothing (the plan of a programme, a check for a
double) says ``with unveiled(session):``. Sessions without a reader (commands, jobs) see everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Subquery,
    Table,
    Text,
    and_,
    any_,
    event,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    text,
)
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.util import AliasedInsp
from sqlalchemy.sql.expression import ColumnClause
from sqlalchemy.sql.selectable import AliasedReturnsRows
from sqlalchemy.sql.visitors import iterate

from ops_app.kit.model import Base
from ops_app.mechanisms.closed_topics.declaration import Vocabulary, declaration, pattern

VEIL = "veil"
LIFTED = "veil_lifted"
ICD10 = re.compile(r"\b[A-Z]\d\d(?:\.\d{1,2})?\b")


@dataclass(frozen=True)
class Veil:
    """What one reader may not see."""

    topics: frozenset[str]
    login: str = ""
    practitioner_id: int | None = None
    """Whatever he recorded or did himself he sees."""
    revealed: tuple[int, ...] = ()
    """People whose closed records he opened with a stated reason."""


_reader: ContextVar[Veil] = ContextVar("reader")
"""Whose statement runs. The conditions are the same for all readers of the same topics, and ask at each execution."""


class _OfReader(BindParameter[Any]):
    """A parameter that stays the same object in every condition.

    The ORM marks copies of what it finds in a condition, and SQLAlchemy compares equal copies of a parameter with one
    another at every execution, by composing an expression for each pair: a twentieth of the time of a card.
    """

    inherit_cache = True

    def _annotate(self, values: Any) -> Any:
        return self


_LOGIN = _OfReader("reader_login", callable_=lambda: _reader.get().login, type_=Text())
_PRACTITIONER = _OfReader("reader_practitioner", callable_=lambda: _reader.get().practitioner_id, type_=BigInteger())
_REVEALED = _OfReader("reader_revealed", callable_=lambda: list(_reader.get().revealed), type_=ARRAY(BigInteger))
_MAIN = literal_column("'main'", Text)


def draw(session: Session, veil: Veil) -> None:
    """From here on the session shows no row of these topics."""
    session.info[VEIL] = veil


def veil_of(session: Session) -> Veil | None:
    """What this session does not show."""
    return session.info.get(VEIL)


@contextmanager
def unveiled(session: Session) -> Iterator[None]:
    """For work that shows nothing: see every row."""
    before = session.info.get(LIFTED, False)
    session.info[LIFTED] = True
    try:
        yield
    finally:
        session.info[LIFTED] = before


def is_masked(session: Session, icd10: str | None) -> bool:
    """Whether a code that stands in a row everybody sees (a cause of death, evidence) is closed to this reader."""
    veil = veil_of(session)
    if veil is None or not icd10 or session.info.get(LIFTED):
        return False
    closed = pattern("icd10", veil.topics, of_minors=False)
    return closed is not None and re.match(closed, icd10) is not None


def tells_closed(session: Session, patient_id: int | None, contents: str) -> bool:
    """Whether a whole message about a person names a code that is closed to this reader."""
    veil = veil_of(session)
    if veil is None or patient_id in veil.revealed:
        return False
    return any(is_masked(session, code) for code in set(ICD10.findall(contents)))


@event.listens_for(Session, "do_orm_execute")
def _hide(state: ORMExecuteState) -> None:
    veil: Veil | None = state.session.info.get(VEIL)
    if veil is None:
        return
    # what relationships load carries the conditions of what loaded it, so it too must know who reads
    _reader.set(veil)
    if not veil.topics or state.session.info.get(LIFTED) or not state.is_select:
        return
    if state.is_column_load or state.is_relationship_load or not state.is_orm_statement:
        return
    state.statement = _veiled(state.statement, veil.topics)


_known: WeakKeyDictionary[Any, dict[frozenset[str], Any]] = WeakKeyDictionary()
"""Statements that are composed once, with the conditions: to add them anew costs as much as to run the statement."""


def _veiled(statement: Any, topics: frozenset[str]) -> Any:
    of_statement = _known.setdefault(statement, {})
    if topics not in of_statement:
        of_statement[topics] = _conditioned(statement, topics)
    veiled = of_statement[topics]
    return statement if veiled is None else veiled


def _conditioned(statement: Any, topics: frozenset[str]) -> Any:
    """The statement with its conditions; None where it needs none, for a key that is its own value never dies."""
    # a condition costs with every execution, so only those of tables that the statement reads are added
    conditions = _options(topics)
    read = _reading(statement)
    tables = [table for table in read.tables if table in conditions]
    if not tables:
        return None
    # SQLAlchemy does not turn a condition on the class into one on its alias, so each alias has its own
    named = [
        with_loader_criteria(alias, condition, include_aliases=False)
        for alias in (aliases_of(statement) if read.has_aliases else ())
        if (condition := shown(alias, topics)) is not None
    ]
    return statement.options(*(conditions[table] for table in tables), *named)


@dataclass(frozen=True)
class _Reading:
    """What every statement of one form reads."""

    tables: tuple[str, ...]
    has_aliases: bool


_readings: dict[tuple[Any, ...], _Reading] = {}
READINGS_KEPT = 2_000


def _reading(statement: Any) -> _Reading:
    """The tables of a statement, found once for each form of statement: to walk it costs as much as to run it."""
    cached = statement._generate_cache_key()
    if cached is None:
        return _Reading(tuple(sorted(tables_of(statement))), has_aliases=True)
    key = cached.key
    if (known := _readings.get(key)) is None:
        if len(_readings) >= READINGS_KEPT:
            _readings.clear()
        known = _Reading(tuple(sorted(tables_of(statement))), has_aliases=bool(aliases_of(statement)))
        _readings[key] = known
    return known


def tables_of(statement: Any) -> set[str]:
    """Full names of the tables that a statement reads anywhere: joined, aliased, in subqueries and common tables."""
    return {place.fullname for _element, place in _read_by(statement) if isinstance(place, Table)}


def aliases_of(statement: Any) -> list[Any]:
    """The aliased classes that a statement reads anywhere."""
    entities = (element._annotations.get("parententity") for element, _place in _read_by(statement))
    return list({id(entity): entity.entity for entity in entities if isinstance(entity, AliasedInsp)}.values())


def _read_by(statement: Any) -> Iterator[tuple[Any, Any]]:
    """Every element of a statement with what it reads, also inside a subquery of which only a column stands there."""
    for element in iterate(statement):
        # a column names its table even where the table stands nowhere else
        place = element.table if isinstance(element, ColumnClause) else element
        while isinstance(place, AliasedReturnsRows) and not isinstance(place, Subquery | CTE):
            place = place.element
        yield element, place
        if isinstance(place, Subquery | CTE) and place is not element:
            yield from _read_by(place)


@lru_cache(maxsize=256)
def _options(topics: frozenset[str]) -> dict[str, Any]:
    return {
        mapper.class_.__table__.fullname: with_loader_criteria(mapper.class_, condition, include_aliases=False)
        for mapper in Base.registry.mappers
        if (condition := shown(mapper.class_, topics)) is not None
    }


def shown(model: Any, topics: frozenset[str]) -> ColumnElement[bool] | None:
    """The condition that a row of this class or alias may be seen; None for tables that never hold a closed row."""
    table: Table = model.__table__
    if "patient_id" not in table.c or table.fullname in declaration().open:
        return None
    parts = _own_codes(model, topics)
    if table.fullname == "visits.encounter":
        parts.append(_closed_visit(model.id, topics))
    elif "encounter_id" in table.c:
        parts.append(_closed_visit(model.encounter_id, topics, any_diagnosis=table.fullname in declaration().whole))
    if not parts:
        return None
    closed = func.coalesce(or_(*parts), false())
    return or_(not_(closed), *_own(model), model.patient_id == any_(_REVEALED))


def _own(row: Any) -> list[ColumnElement[bool]]:
    """That the reader did or recorded it himself."""
    found: list[ColumnElement[bool]] = []
    if hasattr(row, "practitioner_id"):
        found.append(func.coalesce(row.practitioner_id == _PRACTITIONER, false()))
    if hasattr(row, "recorded_by"):
        found.append(func.coalesce(row.recorded_by == _LOGIN, false()))
    return found


def _own_codes(model: Any, topics: frozenset[str]) -> list[ColumnElement[bool]]:
    prefix = f"{model.__table__.fullname}."
    return [
        condition
        for name, vocabulary in declaration().columns.items()
        if name.startswith(prefix)
        for condition in _of_topics(model, getattr(model, name.removeprefix(prefix)), vocabulary, topics)
    ]


def _of_topics(row: Any, column: Any, vocabulary: Vocabulary, topics: frozenset[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if (always := pattern(vocabulary, topics, of_minors=False)) is not None:
        found.append(column.op("~")(_quoted(always)))
    if (of_minors := pattern(vocabulary, topics, of_minors=True)) is not None:
        found.append(and_(column.op("~")(_quoted(of_minors)), _minor_then(row)))
    return found


def _quoted(declared: str) -> ColumnElement[str]:
    """A pattern of the declaration as it stands in the SQL: a parameter would be handed over with every execution."""
    return literal_column("'" + declared.replace("'", "''") + "'", Text)


def _minor_then(row: Any) -> ColumnElement[bool]:
    age = min(topic.under_age for topic in declaration().topics if topic.under_age is not None)
    person = Base.metadata.tables["patients.patient"].alias()
    came_of_age = person.c.birth_date + text(f"interval '{age} years'")
    return exists().where(person.c.id == row.patient_id, came_of_age > row.event_at)


def _closed_visit(encounter_id: Any, topics: frozenset[str], *, any_diagnosis: bool = False) -> ColumnElement[bool]:
    """A visit is closed by its main diagnosis; other diagnoses of a closed topic close themselves alone."""
    diagnosis = Base.metadata.tables["visits.condition"].alias().c
    of_topics = _of_topics(diagnosis, diagnosis.icd10, "icd10", topics)
    conditions = [
        diagnosis.encounter_id == encounter_id,
        diagnosis.entered_in_error_at.is_(None),
        or_(*of_topics) if of_topics else false(),
    ]
    if not any_diagnosis:
        conditions.append(diagnosis.type == _MAIN)
    conditions += [not_(own) for own in _own(diagnosis)]
    return exists().where(*conditions)
