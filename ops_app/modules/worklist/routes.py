"""My day of the treating team; the list, the case and the decision of the official."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.organizations import queries as organizations
from ops_app.modules.tasks import queries as tasks
from ops_app.modules.tasks import texts as task_texts
from ops_app.modules.visits.forms import CLASS_TITLES
from ops_app.modules.worklist import queries, service, texts
from ops_app.modules.worklist.evidence import Words, masked, met, speakable
from ops_app.modules.worklist.forms import AnswerForm, DecisionForm, ListFilter, OpeningForm
from ops_app.modules.worklist.models import Signal
from ops_app.modules.worklist.permissions import CaseDecider, CaseReader, TaskAnswerer, TaskReader
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()

OWN_TASKS_SHOWN = 8
RULE = "task"
"""The rule that lets a team see whom its own lists name."""


@router.get("/my-day", name="worklist:my_day")
def my_day(request: Request, actor: TaskReader, db: Db, paging: Paging) -> Response:
    """Whom the lists of this place name, and who is booked today."""
    scope = actor.scope(Permission.WORKLIST_TASK_READ)
    here = organizations.workplace(db, actor)
    # A site's own doctor and nurse start with their site; heads see everything.
    own_site = here.site if here else None
    site = own_site if request.query_params.get("place") != "all" else None
    site_id = site.id if site else None
    code = request.query_params.get("code") or None
    late = request.query_params.get("late") == "1"
    found = fetch_page(db, queries.tasks(scope, site_id, code, late=late), paging, sortable={}, default=[], count=True)
    bookings = queries.bookings_today(db, scope, actor.practitioner_id)
    own_tasks = tasks.most_urgent(db, actor, OWN_TASKS_SHOWN)
    people = sorted({row.Patient.id for row in [*found.items, *bookings, *own_tasks] if row.Patient})
    audit.read_many(db, actor, people, rule=RULE)
    seen_until = min((row.Signal.as_of for row in found.items), default=clock.now())
    return page(
        request,
        "worklist/my_day.html",
        found=found,
        bookings=bookings,
        own_tasks=own_tasks,
        own_tasks_count=tasks.count_own(db, actor),
        task_texts=task_texts,
        counts=queries.counts(db, scope, site_id),
        code=code,
        late=late,
        own_site=own_site,
        site=site,
        recorded=queries.recorded_since(db, people, seen_until),
        deaths=queries.deaths_of(db, people),
        may_record=actor.may(Permission.VISITS_VITALS_WRITE),
        may_book=actor.may(Permission.APPOINTMENTS_SLOT_BOOK),
        may_answer=actor.may(Permission.WORKLIST_TASK_ANSWER),
        may_open_card=actor.may(Permission.PATIENTS_CARD_READ),
        words=Words.of(db, [row.Signal for row in found.items], named=True),
        texts=texts,
        now=clock.now(),
    )


@router.get("/my-day/cases/{case_id}", name="worklist:task")
def task(request: Request, actor: TaskReader, db: Db, case_id: str) -> Response:
    return _task_page(request, actor, db, case_id, blank())


@router.post("/my-day/cases/{case_id}", name="worklist:answer")
def answer(request: Request, actor: TaskAnswerer, db: Db, case_id: str, posted: PostedForm) -> Response:
    case, patient = queries.task_or_404(db, actor.scope(Permission.WORKLIST_TASK_ANSWER), case_id)
    form = posted.check(AnswerForm)
    if form.value is not None:
        service.answer(db, actor, case, patient.id, form.value)
        return redirect(request, request.app.url_path_for("worklist:task", case_id=case_id), _("Answer recorded"))
    return _task_page(request, actor, db, case_id, form)


def _task_page(request: Request, actor: Actor, db: Db, case_id: str, form: Form[AnswerForm]) -> Response:
    case, patient = queries.task_or_404(db, actor.scope(Permission.WORKLIST_TASK_READ), case_id)
    audit.read(db, actor, patient.id, rule=RULE, entity=case_id)
    return page(
        request,
        "worklist/task.html",
        case=case,
        patient=patient,
        history=queries.history(db, case_id),
        shown_text=str,
        words=Words.of(db, [case], named=True),
        speakable=speakable,
        recorded=queries.recorded_since(db, [patient.id], case.as_of),
        deaths=queries.deaths_of(db, [patient.id]),
        may_record=actor.may(Permission.VISITS_VITALS_WRITE),
        may_book=actor.may(Permission.APPOINTMENTS_SLOT_BOOK),
        met=met,
        texts=texts,
        now=clock.now(),
        form=form,
        may_answer=actor.may(Permission.WORKLIST_TASK_ANSWER),
        status_code=422 if form.errors else 200,
    )


@router.get("/signals", name="worklist:signals")
def signals(request: Request, actor: CaseReader, db: Db, paging: Paging) -> Response:
    form = Posted(request.query_params).check(ListFilter)
    asked = form.value or ListFilter()
    scope = actor.scope(Permission.SIGNALS_CASE_READ)
    found = fetch_page(
        db,
        queries.cases(scope, asked),
        paging,
        sortable={"due": Signal.due_at, "known": Signal.known_at, "code": Signal.signal_code},
        default=[queries.IS_LATE.desc(), Signal.state.desc(), Signal.due_at, Signal.case_id],
    )
    return page(
        request,
        "worklist/signals.html",
        form=form,
        found=found,
        words=Words.of(db, [row.Signal for row in found.items]),
        speakable=speakable,
        texts=texts,
        now=clock.now(),
        counts=queries.counts(db, scope),
        facilities=organizations.organizations(db, scope),
        status_code=422 if form.errors else 200,
    )


@router.get("/signals/cases/{case_id}", name="worklist:case")
def case(request: Request, actor: CaseReader, db: Db, case_id: str) -> Response:
    return _case_page(request, actor, db, case_id, blank())


@router.post("/signals/cases/{case_id}/reason", name="worklist:state_reason")
def state_reason(request: Request, actor: CaseReader, db: Db, case_id: str, posted: PostedForm) -> Response:
    found = queries.case_or_404(db, actor.scope(Permission.SIGNALS_CASE_READ), case_id)
    form = posted.check(OpeningForm)
    if form.value is not None:
        try:
            service.open_case(db, actor, found, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, request.app.url_path_for("worklist:case", case_id=case_id))
    return _case_page(request, actor, db, case_id, form)


@router.post("/signals/cases/{case_id}/decision", name="worklist:decide")
def decide(request: Request, actor: CaseDecider, db: Db, case_id: str, posted: PostedForm) -> Response:
    found = queries.case_or_404(db, actor.scope(Permission.SIGNALS_CASE_DECIDE), case_id)
    form = posted.check(DecisionForm)
    if form.value is not None and queries.has_opened(db, actor.account_id, case_id):
        try:
            service.decide(db, actor, found, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            address = request.app.url_path_for("worklist:case", case_id=case_id)
            return redirect(request, address, _("Decision recorded; the treating team sees it now"))
    return _case_page(request, actor, db, case_id, form)


def _case_page(
    request: Request, actor: Actor, db: Db, case_id: str, form: Form[DecisionForm] | Form[OpeningForm]
) -> Response:
    scope = actor.scope(Permission.SIGNALS_CASE_READ)
    found = queries.case_or_404(db, scope, case_id)
    status = 422 if form.errors else 200
    if not queries.has_opened(db, actor.account_id, case_id):
        return page(request, "worklist/reason.html", case=found, texts=texts, form=form, status_code=status)
    audit.security(db, actor.login, "worklist:case_read", account_id=actor.account_id, case=case_id)
    person = queries.person_behind(db, found)
    nodes = organizations.paths(db, [node for node in (found.site_id or found.organization_id,) if node])
    return page(
        request,
        "worklist/case.html",
        case=found,
        place=next(iter(nodes.values()), []),
        history=queries.history(db, case_id),
        others=queries.others_of_person(db, scope, found),
        contacts=queries.contacts(db, found),
        class_titles=CLASS_TITLES,
        seen=queries.newest_decision_id(db, case_id),
        shown_text=lambda text: masked(text, person),
        words=Words.of(db, [found]),
        speakable=speakable,
        met=met,
        texts=texts,
        now=clock.now(),
        form=form,
        may_decide=actor.may(Permission.SIGNALS_CASE_DECIDE),
        status_code=status,
    )
