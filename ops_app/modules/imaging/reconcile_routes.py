"""Pages where studies that belong to nobody yet find their person."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.undo import Undo
from ops_app.modules.imaging import reconcile_queries as queries
from ops_app.modules.imaging import reconcile_service as service
from ops_app.modules.imaging.access import open_study
from ops_app.modules.imaging.facts import shown_name
from ops_app.modules.imaging.forms import AssignForm, CopyForm, PersonSearch, ReasonForm, SplitForm
from ops_app.modules.imaging.models import Study
from ops_app.modules.imaging.permissions import StudyReconciler
from ops_app.modules.imaging.titles import KINDS, REASONS, sent_date, sent_sex
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.search import search
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)


@router.get("/imaging/unmatched", name="imaging:queue")
def queue(request: Request, actor: StudyReconciler, db: Db, paging: Paging) -> Response:
    """Studies that belong to nobody yet, and copies that contradict each other."""
    scope = actor.scope(Permission.IMAGING_STUDY_RECONCILE)
    found = fetch_page(
        db,
        queries.waiting_studies(scope),
        paging,
        sortable={"received": Study.received_at, "started": Study.started_at},
        default=[Study.received_at.desc(), Study.id.desc()],
    )
    copies = queries.waiting_copies(db, scope)
    return page(request, "imaging/queue.html", found=found, copies=copies, reasons=REASONS, shown_name=shown_name)


@router.get("/imaging/unmatched/{study_id}", name="imaging:decide")
def decide(request: Request, actor: StudyReconciler, db: Db, study_id: int) -> Response:
    """One study: what was sent, its series, people it may belong to, decisions so far."""
    return _study_page(request, db, actor, service.study_or_404(db, actor, study_id))


@router.post("/imaging/unmatched/{study_id}/assign", name="imaging:assign")
def assign(request: Request, actor: StudyReconciler, db: Db, study_id: int, posted: PostedForm) -> Response:
    """Assign the study."""
    form = posted.check(AssignForm)
    if form.value is not None:
        try:
            service.assign(db, actor, study_id, form.value.patient_id, form.value.reason)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _back(request, db, study_id, _("The study is assigned"), study_id)
    return _study_page(request, db, actor, service.study_or_404(db, actor, study_id), form, 422)


@router.post("/imaging/unmatched/{study_id}/match", name="imaging:match_again")
def match_again(request: Request, actor: StudyReconciler, db: Db, study_id: int) -> Response:
    """Try the rules again."""
    service.match_again(db, actor, study_id)
    return _back(request, db, study_id, _("The study is assigned"), study_id)


@router.post("/imaging/unmatched/{study_id}/release", name="imaging:release")
def release(request: Request, actor: StudyReconciler, db: Db, study_id: int, posted: PostedForm) -> Response:
    """Take the study away from its person."""
    form = posted.check(ReasonForm)
    if form.value is not None:
        try:
            service.release(db, actor, study_id, form.value.reason)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _back(request, db, study_id, _("The study belongs to nobody now"), study_id)
    return _study_page(request, db, actor, service.study_or_404(db, actor, study_id), form, 422)


@router.post("/imaging/unmatched/{study_id}/split", name="imaging:split")
def split(request: Request, actor: StudyReconciler, db: Db, study_id: int, posted: PostedForm) -> Response:
    """Take the study apart."""
    form = posted.check(SplitForm)
    if form.value is not None:
        try:
            part = service.split(db, actor, study_id, form.value.series, form.value.reason)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _back(request, db, part.id, _("The series are a study of their own now"), study_id)
    return _study_page(request, db, actor, service.study_or_404(db, actor, study_id), form, 422)


@router.post("/imaging/copies/{conflict_id}", name="imaging:choose_copy")
def choose_copy(request: Request, actor: StudyReconciler, db: Db, conflict_id: int, posted: PostedForm) -> Response:
    """Choose between two copies."""
    form = posted.check(CopyForm)
    study = service.choose_copy(db, actor, conflict_id, form.value is not None and form.value.take == "other")
    return _back(request, db, study.id, _("The choice is recorded; both files stay"))


@router.post("/imaging/decisions/{reconciliation_id}/undo", name="imaging:undo")
def undo(request: Request, actor: StudyReconciler, db: Db, reconciliation_id: int) -> Response:
    """Take a decision back."""
    study = service.undo(db, actor, reconciliation_id)
    return _back(request, db, study.id, _("The decision is taken back"))


def _back(request: Request, db: Db, study_id: int, told: str, decided: int | None = None) -> Response:
    """The page of the study; ``decided`` is the study whose newest decision can be taken back from there."""
    newest = queries.newest_decision(db, decided) if decided is not None else None
    undo = Undo("imaging:undo", {"reconciliation_id": newest}) if newest is not None else None
    return redirect(request, request.app.url_path_for("imaging:decide", study_id=study_id), told, undo=undo)


def _study_page(
    request: Request, db: Db, actor: Actor, study: Study, form: Form | None = None, status_code: int = 200
) -> Response:
    open_study(db, actor, study)
    asked = Posted(request.query_params).check(PersonSearch)
    words = asked.value.q if asked.value is not None else None
    people = search(db, words, actor.scope(Permission.PATIENTS_IDENTITY_READ)) if words else []
    audit.read_many(db, actor, [person.id for person in people], rule="search")
    history = queries.history_of(db, study.id)
    return page(
        request,
        "imaging/decide.html",
        status_code=status_code,
        study=study,
        patient=db.get(Patient, study.patient_id) if study.patient_id is not None else None,
        series=queries.series_of(db, study.id),
        history=history,
        people=people,
        asked=asked,
        words=words,
        form=form or blank(),
        reasons=REASONS,
        kinds=KINDS,
        shown_name=shown_name,
        sent_date=sent_date,
        sent_sex=sent_sex,
    )
