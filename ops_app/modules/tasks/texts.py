"""What states and steps of a task are called."""

from __future__ import annotations

from ops_app.i18n import N_, _
from ops_app.mechanisms.task.kind import TaskKind, declared
from ops_app.mechanisms.task.models import Task, TaskEvent
from ops_app.mechanisms.task.working import COMMENT

SEVERITIES = {"red": N_("act now"), "amber": N_("due")}
STATES = {"open": N_("open"), "done": N_("done"), "withdrawn": N_("taken off")}
ACTIONS = {
    "opened": N_("opened"),
    "seen": N_("viewed"),
    "taken": N_("taken over"),
    "handed_over": N_("handed over"),
    "answered": N_("answered"),
    "escalated": N_("passed up"),
    "done": N_("done"),
    "withdrawn": N_("taken off"),
    "put_back": N_("undone"),
}


def kind_of(task: Task) -> TaskKind | None:
    """What is declared about its kind; None for one whose module is gone."""
    return declared().get(task.kind)


def title(task: Task) -> str:
    """What the task is called."""
    kind = kind_of(task)
    return _(kind.title) if kind else task.kind


def why(task: Task) -> str:
    """Why it is on the list."""
    kind = kind_of(task)
    return kind.why(task) if kind else ""


def closes(task: Task) -> str:
    """What takes it off."""
    kind = kind_of(task)
    return _(kind.closes) if kind else ""


def target(task: Task) -> str | None:
    """The page where it is done."""
    kind = kind_of(task)
    return kind.target(task) if kind and kind.target else None


def answers(task: Task) -> list[tuple[str, str]]:
    """What may be answered."""
    kind = kind_of(task)
    closing = [(code, _(name)) for code, name in kind.answers.items()] if kind else []
    return [*closing, (COMMENT, _("comment; the task stays open"))]


def answer_title(task: Task, event: TaskEvent) -> str:
    """The answer that was chosen."""
    return dict(answers(task)).get(event.code or "", _("comment"))
