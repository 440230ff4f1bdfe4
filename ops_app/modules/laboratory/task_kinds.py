"""Tasks about results that must not be overlooked."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from ops_app.i18n import N_, _
from ops_app.kit.dates import show_moment
from ops_app.mechanisms.notifications.notice import Notice
from ops_app.mechanisms.task.kind import TaskKind
from ops_app.mechanisms.task.models import Task
from ops_app.modules.laboratory.blood_titles import REACTIONS, SEVERITIES
from ops_app.modules.laboratory.models import FollowUp, LabOrder, Specimen, TransfusionReaction
from ops_app.modules.laboratory.titles import REJECTS
from ops_app.permissions import Role

CRITICAL_NOTICE = Notice("laboratory:critical_result", N_("A critical laboratory result waits for you"))
ABNORMAL_NOTICE = Notice("laboratory:abnormal_result", N_("An abnormal laboratory result waits for you"))


def subject_of(row: FollowUp) -> str:
    """What a task about this follow-up is about."""
    return f"laboratory_follow_up:{row.id}"


def _row(session: Session, task: Task) -> FollowUp:
    return session.get_one(FollowUp, int(task.subject.partition(":")[2]))


def _told(session: Session, task: Task) -> str | None:
    """A critical value is dealt with when the patient knows of it, or can no longer be told."""
    row = _row(session, task)
    return f"laboratory.follow_up:{row.id}" if row.told_at is not None or row.state == "done" else None


def _done(session: Session, task: Task) -> str | None:
    row = _row(session, task)
    return f"laboratory.follow_up:{row.id}" if row.state == "done" else None


def _page(task: Task) -> str:
    return f"/laboratory/follow-ups/{task.subject.partition(':')[2]}"


CRITICAL_RESULT = TaskKind(
    "laboratory:critical_result",
    N_("Critical laboratory result"),
    why=lambda task: _(
        "A laboratory value that endangers life was confirmed at %(moment)s.", moment=show_moment(task.opened_at)
    ),
    closes=N_("You read the result and told the patient."),
    resolved_if=_told,
    deadline=dt.timedelta(hours=1),
    owner_role=Role.DOCTOR,
    # whoever asked may be off duty: a quarter of an hour later the doctors who are there hear of it too
    escalation=((-dt.timedelta(minutes=45), Role.DOCTOR), (dt.timedelta(0), Role.CHIEF_PHYSICIAN)),
    repeat=dt.timedelta(hours=1),
    target=_page,
    severity="red",
    notice=CRITICAL_NOTICE,
)
ABNORMAL_RESULT = TaskKind(
    "laboratory:abnormal_result",
    N_("Abnormal laboratory result"),
    why=lambda task: _(
        "A laboratory value outside its range was confirmed at %(moment)s.", moment=show_moment(task.opened_at)
    ),
    closes=N_("The patient was told, what had to follow is done."),
    resolved_if=_done,
    deadline=dt.timedelta(days=7),
    owner_role=Role.DOCTOR,
    escalation=((dt.timedelta(0), Role.DOCTOR), (dt.timedelta(days=7), Role.CHIEF_PHYSICIAN)),
    repeat=dt.timedelta(days=7),
    target=_page,
    notice=ABNORMAL_NOTICE,
)


def tube_subject(specimen: Specimen) -> str:
    """What a task about this tube is about."""
    return f"laboratory_specimen:{specimen.id}"


def _tube(session: Session, task: Task) -> tuple[Specimen, LabOrder]:
    specimen = session.get_one(Specimen, int(task.subject.partition(":")[2]))
    return specimen, session.get_one(LabOrder, specimen.order_id)


def _taken_again(session: Session, task: Task) -> str | None:
    """The tube was filled, or nobody needs it any more."""
    specimen, order = _tube(session, task)
    return f"laboratory.specimen:{specimen.id}" if specimen.status != "planned" or order.status == "cancelled" else None


def _order_page(task: Task) -> str:
    return f"/laboratory/orders/{task.detail['order_id']}"


def _why_rejected(task: Task) -> str:
    return _(
        "The laboratory rejected the material of order %(number)s: %(reason)s.",
        number=task.detail["order_number"],
        reason=_(REJECTS[str(task.detail["reason"])]),
    )


RETAKE = TaskKind(
    "laboratory:retake",
    N_("Take the material again"),
    why=_why_rejected,
    closes=N_("The new tube is marked as taken, or the order is cancelled."),
    resolved_if=_taken_again,
    deadline=dt.timedelta(days=1),
    owner_role=Role.NURSE,
    escalation=((dt.timedelta(0), Role.DOCTOR),),
    repeat=dt.timedelta(days=1),
    target=_order_page,
)
NOT_DONE = TaskKind(
    "laboratory:not_done",
    N_("A test will not be done"),
    why=_why_rejected,
    closes=N_("You read that the test was given up, and ordered it anew if it is still needed."),
    deadline=dt.timedelta(days=1),
    owner_role=Role.DOCTOR,
    escalation=((dt.timedelta(0), Role.DOCTOR),),
    repeat=dt.timedelta(days=3),
    answers={"ordered_anew": N_("ordered anew"), "not_needed": N_("no longer needed")},
    target=_order_page,
)


SERIOUS_WITHIN = dt.timedelta(hours=24)
"""Until when a reaction that is not mild is looked into; a default of this installation, no order names hours."""


def reaction_subject(reaction_id: int) -> str:
    """What a task about a reaction to a transfusion is about."""
    return f"laboratory_transfusion_reaction:{reaction_id}"


def _concluded(session: Session, task: Task) -> str | None:
    row = session.get_one(TransfusionReaction, int(task.subject.partition(":")[2]))
    return f"laboratory.transfusion_reaction:{row.id}" if row.concluded_at is not None else None


def _why_reaction(task: Task) -> str:
    return _(
        "Reaction to a transfusion, %(moment)s: %(reaction)s, %(severity)s.",
        moment=show_moment(dt.datetime.fromisoformat(str(task.detail["started_at"]))),
        reaction=_(REACTIONS[str(task.detail["kind"])]),
        severity=_(SEVERITIES[str(task.detail["severity"])]),
    )


REACTION = TaskKind(
    "laboratory:transfusion_reaction",
    N_("Look into a reaction to a transfusion"),
    why=_why_reaction,
    closes=N_("The conclusion about the reaction is written."),
    resolved_if=_concluded,
    deadline=dt.timedelta(hours=72),
    owner_role=Role.DOCTOR,
    # whoever gave the unit may be off duty: of a serious one the doctors who are there hear after an hour
    escalation=((-dt.timedelta(hours=23), Role.DOCTOR), (dt.timedelta(0), Role.CHIEF_PHYSICIAN)),
    repeat=dt.timedelta(hours=24),
    target=lambda task: f"/patients/{task.patient_id}/laboratory/reactions/{task.subject.partition(':')[2]}",
    severity="red",
)

TASK_KINDS = (CRITICAL_RESULT, ABNORMAL_RESULT, RETAKE, NOT_DONE, REACTION)
