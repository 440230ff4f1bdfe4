"""The safety net under abnormal results: seen, the patient told, something booked, done; nothing ends in between."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.task import task
from ops_app.modules.laboratory.forms import BookedForm, DoneForm, ToldForm
from ops_app.modules.laboratory.models import FollowUp, LabOrder, Report, Result
from ops_app.modules.laboratory.ranges import ABNORMAL, CRITICAL
from ops_app.modules.laboratory.task_kinds import ABNORMAL_RESULT, CRITICAL_RESULT, subject_of
from ops_app.modules.patients.queries import current_attachment, record_ids
from ops_app.permissions import Permission

STEPS = ("open", "seen", "told", "booked", "done")


def look_at(
    session: Session, actor: Actor | None, order: LabOrder, rows: Sequence[Result], *, again: bool = False
) -> FollowUp | None:
    """Open the follow-up of an order when one of these confirmed results is abnormal; a correction opens it anew."""
    flags = {row.flag for row in rows}
    found = session.scalar(select(FollowUp).where(FollowUp.order_id == order.id).with_for_update())
    if not flags & set(ABNORMAL) and not (again and found is not None):
        return found
    critical = bool(flags & set(CRITICAL))
    if found is None:
        found = _opened(session, order.patient_id, _where(session, order), critical, actor)
        found.order_id, found.practitioner_id = order.id, order.practitioner_id
    elif again or found.state == "done" or (critical and not found.is_critical):
        found.state, found.is_critical = "open", critical or found.is_critical
        found.seen_at = found.told_at = found.done_at = None
        found.opened_at = clock.now()
    session.add(found)
    session.flush()
    _ask(session, found)
    return found


def look_at_report(
    session: Session,
    actor: Actor | None,
    report: Report,
    rows: Sequence[Result],
    organization_id: int,
    order: LabOrder | None,
) -> FollowUp | None:
    """The same for a report of another laboratory."""
    if order is not None:
        return look_at(session, actor, order, rows)
    flags = {row.flag for row in rows}
    if not flags & set(ABNORMAL):
        return None
    found = _opened(session, rows[0].patient_id, organization_id, bool(flags & set(CRITICAL)), actor)
    found.report_id = report.id
    session.add(found)
    session.flush()
    _ask(session, found)
    return found


def _opened(session: Session, patient_id: int, organization_id: int, critical: bool, actor: Actor | None) -> FollowUp:
    return FollowUp(
        patient_id=patient_id,
        organization_id=organization_id,
        is_critical=critical,
        opened_at=clock.now(),
        state="open",
    )


def _where(session: Session, order: LabOrder) -> int:
    """Who asked; when that is nobody here, the organisation the person is attached to."""
    if order.requester_text is not None:
        attachment = current_attachment(session, record_ids(session, order.patient_id))
        if attachment is not None:
            return attachment.organization_id
    return order.organization_id


def _ask(session: Session, row: FollowUp) -> None:
    """Both ends of the net: the critical value within the hour, and the whole way to its end."""
    for kind in (CRITICAL_RESULT, ABNORMAL_RESULT) if row.is_critical else (ABNORMAL_RESULT,):
        task.open(
            session,
            kind,
            subject=subject_of(row),
            patient_id=row.patient_id,
            organization_id=row.organization_id,
            owner_practitioner_id=row.practitioner_id,
        )


def _settle(session: Session, actor: Actor | None, row: FollowUp) -> None:
    evidence = f"laboratory.follow_up:{row.id}"
    if row.told_at is not None or row.state == "done":
        task.settle(session, CRITICAL_RESULT, subject_of(row), evidence=evidence, actor=actor)
    if row.state == "done":
        task.settle(session, ABNORMAL_RESULT, subject_of(row), evidence=evidence, actor=actor)


def follow_up_or_404(session: Session, follow_up_id: int) -> FollowUp:
    """A follow-up."""
    row = session.get(FollowUp, follow_up_id)
    if row is None:
        raise NotFound(_("There is no such follow-up"))
    return row


def may_act(actor: Actor, row: FollowUp) -> bool:
    """Whether the actor answers for what is done about it."""
    return actor.scope(Permission.WORKLIST_TASK_ANSWER).allows(row.organization_id)


def _locked(session: Session, actor: Actor, follow_up_id: int) -> FollowUp:
    follow_up_or_404(session, follow_up_id)
    row = session.get_one(FollowUp, follow_up_id, with_for_update=True, populate_existing=True)
    if not may_act(actor, row):
        raise Forbidden(_("This follow-up belongs to another organisation"))
    if row.state == "done":
        raise Conflict(_("This follow-up is finished"))
    return row


def see(session: Session, actor: Actor, follow_up_id: int) -> FollowUp:
    """A clinician read the result."""
    row = _locked(session, actor, follow_up_id)
    if row.seen_at is None:
        before = audit.snapshot(row)
        row.seen_at, row.seen_by = clock.now(), actor.login
        if row.state == "open":
            row.state = "seen"
        _log(session, actor, row, before)
    return row


def tell(session: Session, actor: Actor, follow_up_id: int, data: ToldForm) -> FollowUp:
    """The patient knows."""
    see(session, actor, follow_up_id)
    row = _locked(session, actor, follow_up_id)
    before = audit.snapshot(row)
    row.told_at, row.told_how, row.told_by = clock.now(), data.how, actor.login
    row.note = _joined(row.note, data.note)
    if row.state in ("open", "seen"):
        row.state = "booked" if row.booked_for else "told"
    _log(session, actor, row, before)
    _settle(session, actor, row)
    return row


def book(session: Session, actor: Actor, follow_up_id: int, data: BookedForm) -> FollowUp:
    """Something is planned for a day."""
    if data.day < clock.today():
        raise Invalid(_("This day has passed"), field="day")
    see(session, actor, follow_up_id)
    row = _locked(session, actor, follow_up_id)
    before = audit.snapshot(row)
    row.booked_for, row.booked_what, row.booked_by = data.day, data.what, actor.login
    if row.told_at is not None:
        row.state = "booked"
    _log(session, actor, row, before)
    return row


def finish(session: Session, actor: Actor, follow_up_id: int, data: DoneForm) -> FollowUp:
    """It ended; only after the patient was told, unless he cannot be any more."""
    see(session, actor, follow_up_id)
    row = _locked(session, actor, follow_up_id)
    if row.told_at is None and data.how not in ("died", "moved_away"):
        raise Conflict(_("First tell the patient of the result"), field="how")
    before = audit.snapshot(row)
    row.done_at, row.done_how, row.done_by = clock.now(), data.how, actor.login
    row.note = _joined(row.note, data.note)
    row.state = "done"
    _log(session, actor, row, before)
    _settle(session, actor, row)
    return row


def _joined(*notes: str | None) -> str | None:
    return "\n".join(note for note in notes if note) or None


def _log(session: Session, actor: Actor, row: FollowUp, before: dict[str, object]) -> None:
    session.flush()
    audit.changed(
        session,
        actor,
        entity="laboratory.follow_up",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )


def open_of(session: Session, records: Sequence[int]) -> Sequence[FollowUp]:
    """Follow-ups of a person, the open ones first."""
    return session.scalars(
        select(FollowUp)
        .where(FollowUp.patient_id.in_(records))
        .order_by(FollowUp.state == "done", FollowUp.opened_at.desc())
        .limit(50)
    ).all()
