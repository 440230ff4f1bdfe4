"""Tasks about patients watched at home."""

from __future__ import annotations

import datetime as dt
from functools import partial

from sqlalchemy.orm import Session

from ops_app.i18n import N_, _
from ops_app.mechanisms.task.kind import TaskKind
from ops_app.mechanisms.task.models import Task
from ops_app.modules.monitoring import device_queries
from ops_app.modules.monitoring.indicators import indicators
from ops_app.modules.monitoring.models import Alert
from ops_app.modules.monitoring.notices import CRISIS
from ops_app.permissions import Permission, Role


def subject_of(alert: Alert) -> str:
    """What a task about this alert is about."""
    return f"alert:{alert.id}"


def _number(task: Task) -> int:
    """Of the alert, the binding or the device that the subject names."""
    return int(task.subject.partition(":")[2])


def _dealt_with(session: Session, task: Task) -> str | None:
    alert = session.get_one(Alert, _number(task))
    return None if alert.closed_at is None else f"monitoring.alert:{alert.id}"


def _why(task: Task) -> str:
    """The value that opened it; a worse one stands on the page of the alert."""
    indicator = indicators().get(str(task.detail["code"]))
    if indicator is None:
        return ""
    value, limit = float(task.detail["number"]), task.detail.get("limit")
    if limit is None:
        return f"{indicator.shown}: {indicator.value(value)}"
    return _(
        "%(title)s at home: %(value)s, limit %(limit)s",
        title=indicator.shown,
        value=indicator.value(value),
        limit=indicator.value(float(limit)),
    )


def _target(task: Task) -> str:
    return f"/monitoring/alerts/{_number(task)}"


CRITICAL = TaskKind(
    "monitoring:critical",
    N_("Critical value at home"),
    why=_why,
    closes=N_("What was done is recorded: consultation, referral, hospitalisation, ambulance or urgent care."),
    resolved_if=_dealt_with,
    deadline=dt.timedelta(minutes=15),
    owner_role=Role.DOCTOR,
    escalation=((dt.timedelta(0), Role.CHIEF_PHYSICIAN),),
    repeat=dt.timedelta(minutes=15),
    target=_target,
    severity="red",
    notice=CRISIS,
    permission=Permission.MONITORING_RECORD_READ,
)
OUT_OF_LIMITS = TaskKind(
    "monitoring:out_of_limits",
    N_("Value at home out of limits"),
    why=_why,
    closes=N_("What was done is recorded, or the next values are back inside the limits."),
    resolved_if=_dealt_with,
    deadline=dt.timedelta(minutes=60),
    owner_role=Role.NURSE,
    # a nurse may be off duty: an hour later the doctors hear of it, until somebody takes it over
    escalation=((dt.timedelta(0), Role.DOCTOR),),
    repeat=dt.timedelta(hours=1),
    target=_target,
    permission=Permission.MONITORING_RECORD_READ,
)


def refused_subject(binding_id: int) -> str:
    """What a task about a device with a patient is about; one device is one task however often it sends."""
    return f"binding:{binding_id}"


def _sends_again(session: Session, task: Task) -> str | None:
    """A later measurement was taken in, or the device is not with the patient any more."""
    return device_queries.since_refused(session, _number(task), task.opened_at)


def _watching_page(task: Task) -> str:
    return f"/patients/{task.patient_id}/monitoring"


_unheard = partial(
    TaskKind,
    deadline=dt.timedelta(hours=4),
    owner_role=Role.NURSE,
    escalation=((dt.timedelta(0), Role.DOCTOR),),
    repeat=dt.timedelta(hours=12),
    permission=Permission.MONITORING_RECORD_READ,
)
"""What a device measures and nobody hears: a nurse's within the shift, then the doctors'."""


def _why_refused(task: Task) -> str:
    return _(
        "%(device)s measures, but nothing of it is taken in: %(reason)s. Nobody would be alerted.",
        device=task.detail["device"],
        reason=_(str(task.detail["reason"])),
    )


REFUSED = _unheard(
    "monitoring:refused",
    N_("A home device is not heard"),
    why=_why_refused,
    closes=N_("A measurement of the device is taken in again, or it is taken back from the patient."),
    resolved_if=_sends_again,
    target=_watching_page,
)


def device_subject(device_id: int) -> str:
    """What a task about a device that is with nobody is about."""
    return f"device:{device_id}"


def _placed(session: Session, task: Task) -> str | None:
    return device_queries.since_unplaced(session, _number(task), task.opened_at)


def _why_unplaced(task: Task) -> str:
    return _(
        "%(device)s is given to no patient here and sends; nothing of it is taken in: %(reason)s.",
        device=task.detail["device"],
        reason=_(str(task.detail["reason"])),
    )


UNPLACED = _unheard(
    "monitoring:unplaced",
    N_("A home device sends and is not heard"),
    why=_why_unplaced,
    closes=N_("A measurement of the device is taken in, it is given to a patient, or it is retired."),
    resolved_if=_placed,
)


def untrusted_subject(device_id: int, enrolment_id: int) -> str:
    """What a task about a device whose certificate ended is about: the device, and who is watched by it."""
    return f"device:{device_id}:{enrolment_id}"


def _trusted(session: Session, task: Task) -> str | None:
    _word, device_id, enrolment_id = task.subject.split(":")
    return device_queries.holds_again(session, int(device_id), int(enrolment_id))


UNTRUSTED = _unheard(
    "monitoring:untrusted",
    N_("The certificate of a home device has ended"),
    why=lambda task: _(
        "The certificate of %(device)s does not hold any more: what it measures is shown and alerts nobody.",
        device=task.detail["device"],
    ),
    closes=N_("The certificate holds again, the device is retired, or the patient is not watched any more."),
    resolved_if=_trusted,
    target=_watching_page,
)
TASK_KINDS = (CRITICAL, OUT_OF_LIMITS, REFUSED, UNPLACED, UNTRUSTED)
