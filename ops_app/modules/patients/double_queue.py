"""Pairs of records that are likely one person and wait for somebody to compare them.

Two records with an IIN each are two people by law, so one of a pair always has none: these are few, and only they
are compared with the rest. The blocks are narrower than those of ``duplicates``: one of the names must agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select, text, union
from sqlalchemy.orm import Session, aliased

from ops_app import audit
from ops_app.actor import Actor, Scope
from ops_app.errors import Conflict, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.patients import queries
from ops_app.modules.patients.access import within, within_parameters
from ops_app.modules.patients.duplicates import Match, compare
from ops_app.modules.patients.models import Patient, TwoPeople

MOST_COMPARED = 5000
MOST_SHOWN = 100
MOST_JUDGEMENTS = 50


@dataclass(frozen=True)
class Pair:
    """Two records that are likely one person."""

    kept: Patient
    """The one to keep: it has the IIN, or is the older one."""
    hidden: Patient
    match: Match


def likely_pairs(session: Session, scope: Scope) -> list[Pair]:
    """Pairs of a scope that nobody has judged yet, the nearest first."""
    one, other = aliased(Patient), aliased(Patient)
    is_live = [each.is_live & each.entered_in_error_at.is_(None) for each in (one, other)]
    base = select(one.id.label("one"), other.id.label("other")).where(
        *is_live, one.iin.is_(None), other.id != one.id, or_(other.iin.is_not(None), other.id < one.id)
    )
    swapped_names = and_(other.family_fold == one.given_fold, other.given_fold == one.family_fold)
    one_name = or_(other.family_fold == one.family_fold, other.given_fold == one.given_fold, swapped_names)
    same_names = and_(other.family_fold == one.family_fold, other.given_fold == one.given_fold)
    near_birth = or_(
        func.date_part("year", other.birth_date) == func.date_part("year", one.birth_date),
        func.to_char(other.birth_date, "MMDD") == func.to_char(one.birth_date, "MMDD"),
    )
    found = union(
        base.where(other.birth_date == one.birth_date, one_name), base.where(same_names, near_birth)
    ).subquery()
    statement = select(found.c.one, found.c.other).order_by(found.c.one.desc()).limit(MOST_COMPARED)
    if not scope.everywhere:
        is_own = text(within("patients.patient.id")).bindparams(**within_parameters(scope))
        statement = statement.where(found.c.one.in_(select(Patient.id).where(Patient.iin.is_(None), is_own)))
    ids = [(int(row.one), int(row.other)) for row in session.execute(statement)]
    standing = select(TwoPeople).where(
        TwoPeople.other_patient_id.in_({max(pair) for pair in ids}), TwoPeople.taken_back_at.is_(None)
    )
    judged = {(row.patient_id, row.other_patient_id) for row in session.scalars(standing)}
    open_ids = [pair for pair in ids if (min(pair), max(pair)) not in judged]
    people = queries.names_in_scope(session, {record for pair in open_ids for record in pair}, scope)
    pairs = [
        _pair(people[one_id], people[other_id], match)
        for one_id, other_id in open_ids
        if one_id in people and other_id in people and (match := compare(people[one_id], people[other_id])).is_likely
    ]
    return sorted(pairs, key=lambda pair: (-pair.match.points, pair.hidden.id))[:MOST_SHOWN]


def _pair(one: Patient, other: Patient, match: Match) -> Pair:
    kept, hidden = (other, one) if other.iin or other.id < one.id else (one, other)
    return Pair(kept, hidden, match)


def judge_two_people(session: Session, actor: Actor, one: Patient, other: Patient, reason: str) -> TwoPeople:
    """Take a pair off the queue: somebody compared them and they are two people."""
    if one.id == other.id:
        raise Invalid(_("These are the same record"), field="hidden")
    first, second = sorted((one.id, other.id))
    known = select(TwoPeople).where(
        TwoPeople.patient_id == first, TwoPeople.other_patient_id == second, TwoPeople.taken_back_at.is_(None)
    )
    if session.scalar(known) is not None:
        raise Conflict(_("Somebody has judged these two records already"))
    row = TwoPeople(patient_id=first, other_patient_id=second, reason=reason, judged_by=actor.login)
    session.add(row)
    session.flush()
    _log(session, actor, row)
    return row


def judgements(session: Session, scope: Scope) -> list[TwoPeople]:
    """The newest decisions about records of a scope that two people stand behind them, also those taken back."""
    statement = select(TwoPeople).order_by(TwoPeople.id.desc()).limit(MOST_JUDGEMENTS)
    if not scope.everywhere:
        is_own = text(within("patients.patient.id")).bindparams(**within_parameters(scope))
        own = select(Patient.id).where(is_own, Patient.id.in_((TwoPeople.patient_id, TwoPeople.other_patient_id)))
        statement = statement.where(own.correlate(TwoPeople).exists())
    return list(session.scalars(statement))


def judgement_or_404(session: Session, judgement_id: int) -> TwoPeople:
    """A decision that two people stand behind two records, locked."""
    row = session.get(TwoPeople, judgement_id, with_for_update=True)
    if row is None:
        raise NotFound(_("There is no such decision"))
    return row


def take_back(session: Session, actor: Actor, row: TwoPeople) -> None:
    """Let a pair wait in the queue again; who decided what, and who took it back, stays."""
    if row.taken_back_at is not None:
        raise Conflict(_("This decision is taken back already"))
    before = audit.snapshot(row)
    row.taken_back_at, row.taken_back_by = clock.now(), actor.login
    session.flush()
    _log(session, actor, row, before)


def _log(session: Session, actor: Actor, row: TwoPeople, before: dict[str, Any] | None = None) -> None:
    """Leave the decision in the journals of both records: whoever reads one must see it."""
    for record in (row.patient_id, row.other_patient_id):
        audit.changed(
            session,
            actor,
            entity="patients.two_people",
            entity_id=row.id,
            patient_id=record,
            before=before,
            after=audit.snapshot(row),
        )
