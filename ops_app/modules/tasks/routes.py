"""The list of tasks and the page of one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.task import working
from ops_app.mechanisms.task.kind import declared
from ops_app.mechanisms.task.models import Task
from ops_app.mechanisms.undo import Undo, change_of
from ops_app.modules.accounts.queries import role_titles
from ops_app.modules.organizations.queries import practitioner_names, short_name
from ops_app.modules.tasks import queries, texts
from ops_app.modules.tasks.forms import AnswerForm, HandOverForm, ListFilter
from ops_app.modules.tasks.permissions import TaskAnswerer, TaskReader
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect
from ops_app.ui.undo import state_of

router = APIRouter(include_in_schema=False)

RULE = "task"
"""The rule that lets people see whom their tasks name."""


@router.get("/tasks", name="tasks:list")
def all_tasks(request: Request, actor: TaskReader, db: Db, paging: Paging) -> Response:
    form = Posted(request.query_params).check(ListFilter)
    asked = form.value or ListFilter()
    closed = asked.state == "closed"
    found = fetch_page(
        db,
        queries.tasks(actor, asked),
        paging,
        sortable={"due": Task.due_at},
        default=[Task.closed_at.desc(), Task.id] if closed else list(queries.URGENCY),
    )
    audit.read_many(db, actor, sorted({row.Patient.id for row in found.items if row.Patient}), rule=RULE)
    return page(
        request,
        "tasks/list.html",
        found=found,
        asked=asked,
        counts=queries.counts(db, actor, asked),
        kinds=declared(),
        names=practitioner_names(db, [row.Task.owner_practitioner_id for row in found.items]),
        roles=role_titles(db),
        texts=texts,
        may_open_card=actor.may(Permission.PATIENTS_CARD_READ),
        now=clock.now(),
    )


@router.get("/tasks/{task_id}", name="tasks:task")
def one(request: Request, actor: TaskReader, db: Db, task_id: int) -> Response:
    return _task_page(request, actor, db, task_id)


@router.post("/tasks/{task_id}/take", name="tasks:take_over")
def take_over(request: Request, actor: TaskAnswerer, db: Db, task_id: int) -> Response:
    task, _patient = queries.task_or_404(db, actor, task_id)
    db.refresh(task, with_for_update=True)
    before = audit.snapshot(task)
    working.take_over(db, actor, task_id)
    url = request.app.url_path_for("tasks:task", task_id=task_id)
    return redirect(request, url, _("The task is yours"), undo=_way_back(task, before))


@router.post("/tasks/{task_id}/hand-over", name="tasks:hand_over")
def hand_over(request: Request, actor: TaskAnswerer, db: Db, task_id: int, posted: PostedForm) -> Response:
    task, _patient = queries.task_or_404(db, actor, task_id)
    form = posted.check(HandOverForm)
    if form.value is not None:
        allowed = {row.Practitioner.id for row in queries.colleagues(db, task)}
        try:
            if form.value.practitioner_id not in allowed:
                form.errors["practitioner_id"] = _("Choose one of the listed values")
            else:
                working.hand_over(db, actor, task_id, form.value.practitioner_id, form.value.reason)
                return redirect(request, request.app.url_path_for("tasks:list"), _("The task is handed over"))
        except OpsError as refused:
            form.refuse(refused)
    return _task_page(request, actor, db, task_id, hand_over_form=form)


@router.post("/tasks/{task_id}/answer", name="tasks:answer")
def answer(request: Request, actor: TaskAnswerer, db: Db, task_id: int, posted: PostedForm) -> Response:
    task, _patient = queries.task_or_404(db, actor, task_id)
    form = posted.check(AnswerForm)
    if form.value is not None:
        db.refresh(task, with_for_update=True)
        before = audit.snapshot(task)
        try:
            working.answer(db, actor, task_id, form.value.code, form.value.text)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("tasks:task", task_id=task_id)
            return redirect(request, url, _("Answer recorded"), undo=_way_back(task, before))
    return _task_page(request, actor, db, task_id, answer_form=form)


@router.post("/tasks/{task_id}/put-back", name="tasks:put_back")
def restore(request: Request, actor: TaskAnswerer, db: Db, task_id: int, posted: PostedForm) -> Response:
    """Take back what was done last with a task: it has its owner, its deadline and its state again."""
    queries.task_or_404(db, actor, task_id)
    working.restore(db, actor, task_id, state_of(request, posted))
    return redirect(request, request.app.url_path_for("tasks:task", task_id=task_id), _("The task is as it was"))


def _way_back(task: Task, before: dict[str, Any]) -> Undo | None:
    change = change_of(task, before)
    return Undo("tasks:put_back", {"task_id": task.id}, state=change) if change["after"] else None


def _task_page(
    request: Request,
    actor: Actor,
    db: Session,
    task_id: int,
    *,
    answer_form: Form[AnswerForm] | None = None,
    hand_over_form: Form[HandOverForm] | None = None,
) -> Response:
    task, patient = queries.task_or_404(db, actor, task_id)
    if patient is not None:
        audit.read(db, actor, patient.id, rule=RULE, entity=f"worklist.task:{task.id}")
    working.see(db, actor, task)
    db.flush()
    history = queries.history(db, task_id)
    named = [task.owner_practitioner_id, *task.also_practitioner_ids, *(row.to_practitioner_id for row in history)]
    return page(
        request,
        "tasks/task.html",
        task=task,
        patient=patient,
        history=history,
        names=practitioner_names(db, named),
        roles=role_titles(db),
        colleagues=[
            (row.Practitioner.id, short_name(row.Practitioner.family_name, row.Practitioner.given_name, None))
            for row in queries.colleagues(db, task)
            if row.Practitioner.id != task.owner_practitioner_id
        ],
        is_mine=task.owner_practitioner_id == actor.practitioner_id and task.taken_at is not None,
        may_answer=actor.may(Permission.WORKLIST_TASK_ANSWER) and task.state == "open",
        may_open_card=actor.may(Permission.PATIENTS_CARD_READ),
        texts=texts,
        now=clock.now(),
        answer_form=answer_form or blank(),
        hand_over_form=hand_over_form or blank(),
        status_code=422 if answer_form or hand_over_form else 200,
    )
