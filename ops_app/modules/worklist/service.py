"""Every write about cases: reasons, decisions, answers."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.worklist import queries
from ops_app.modules.worklist.forms import AnswerForm, DecisionForm, OpeningForm
from ops_app.modules.worklist.models import Signal, SignalAnswer, SignalDecision, SignalOpening
from ops_app.modules.worklist.texts import NEEDS_DATE

END_OF_WORK = dt.time(18)
"""A date without a time means the end of that working day."""


def open_case(session: Session, actor: Actor, case: Signal, form: OpeningForm) -> SignalOpening:
    """Record why a case is opened."""
    if form.reason == "other" and not form.note:
        raise Invalid(_("Write the reason in a few words"), field="note")
    opening = SignalOpening(case_id=case.case_id, account_id=actor.account_id, reason=form.reason, note=form.note)
    session.add(opening)
    session.flush()
    audit.security(
        session, actor.login, "worklist:case_opened", account_id=actor.account_id, case=case.case_id, reason=form.reason
    )
    return opening


def decide(session: Session, actor: Actor, case: Signal, form: DecisionForm) -> SignalDecision:
    """Record a decision; it stands until the next one."""
    if form.decision in NEEDS_DATE and form.due_date is None:
        raise Invalid(_("Say until when"), field="due_date")
    if form.due_date is not None and form.due_date < clock.today():
        raise Invalid(_("This date has passed; give today or a later day"), field="due_date")
    if form.decision == "false_alarm" and not form.comment:
        raise Invalid(_("Say why it is a false alarm: the rule learns from it"), field="comment")
    # Two officials with the same case open: the second sees the first one's decision before his own counts.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(case.case_id))))
    if queries.newest_decision_id(session, case.case_id) != form.seen:
        raise Conflict(_("Somebody decided on this case meanwhile; look at the new decision first"))
    decision = SignalDecision(
        case_id=case.case_id,
        decision=form.decision,
        due_at=clock.from_local(form.due_date, END_OF_WORK) if form.due_date else None,
        comment=form.comment or None,
        decided_by=actor.login,
    )
    session.add(decision)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="worklist.signal_decision",
        entity_id=decision.id,
        after={"case_id": case.case_id, "decision": form.decision, "due_at": decision.due_at},
    )
    return decision


def answer(session: Session, actor: Actor, case: Signal, patient_id: int, form: AnswerForm) -> SignalAnswer:
    """Record what the treating team says about a case."""
    given = SignalAnswer(
        case_id=case.case_id, patient_id=patient_id, kind=form.kind, text=form.text.strip(), answered_by=actor.login
    )
    session.add(given)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="worklist.signal_answer",
        entity_id=given.id,
        patient_id=patient_id,
        after={"case_id": case.case_id, "kind": form.kind},
    )
    return given
