"""Writing a report, reading it, correcting it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Conflict, Invalid, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm
from ops_app.mechanisms.questionnaire.answers import read_posted
from ops_app.mechanisms.task.models import Task
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.imaging.models import Study
from ops_app.modules.patients.card import card_page
from ops_app.modules.radiology import queries, report_pages, reports
from ops_app.modules.radiology.forms import CorrectionForm, ReportForm
from ops_app.modules.radiology.models import Report
from ops_app.modules.radiology.permissions import MADE_HERE, ReportWriter, StudyReader, open_study, performing
from ops_app.modules.radiology.report_templates import templates
from ops_app.modules.radiology.study_view import study_title
from ops_app.modules.radiology.task_kinds import newest_task
from ops_app.modules.radiology.titles import REPORT_STATES
from ops_app.modules.visits.models import ServiceRequest
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter(include_in_schema=False)

REQUESTED = "imaging_report"
"""The rule that lets whoever asked for a study read what it showed."""


def opened_report(db: Session, actor: Actor, report_id: int) -> tuple[Report, PatientAccess]:
    """A report the actor may read; drafts belong to those who write them."""
    report = queries.report_or_404(db, report_id)
    here = performing(actor, report.organization_id)
    rule = MADE_HERE if here else None
    request = db.get(ServiceRequest, report.service_request_id) if report.service_request_id else None
    if rule is None and request is not None and request.practitioner_id is not None:
        asked = request.practitioner_id == actor.practitioner_id
        rule = (
            REQUESTED if asked and actor.scope(Permission.IMAGING_STUDY_READ).allows(request.organization_id) else None
        )
    access = open_patient(db, actor, report.patient_id, Permission.IMAGING_STUDY_READ, rule=rule)
    if report.status == "draft" and not here:
        raise Conflict(_("This report is not finished yet"))
    return report, access


@router.post("/radiology/studies/{study_id}/report", name="radiology:begin_report")
def begin(request: Request, actor: ReportWriter, db: Db, study_id: int) -> Response:
    """Begin the report of a study, or go on with one's own."""
    study, _access = open_study(db, actor, study_id)
    return _to_form(request, reports.begin(db, actor, reports.about_study(db, study)))


@router.post("/radiology/recordings/{recording_id}/report", name="radiology:begin_conclusion")
def begin_conclusion(request: Request, actor: ReportWriter, db: Db, recording_id: int) -> Response:
    """Begin the conclusion of a recording."""
    recording = queries.recording_or_404(db, recording_id)
    rule = MADE_HERE if performing(actor, recording.organization_id) else None
    open_patient(db, actor, recording.patient_id, Permission.IMAGING_STUDY_READ, rule=rule)
    return _to_form(request, reports.begin(db, actor, reports.about_recording(recording)))


def _to_form(request: Request, report: Report) -> Response:
    return redirect(request, str(request.app.url_path_for("radiology:write_report", report_id=report.id)))


@router.get("/radiology/reports/{report_id}", name="radiology:report")
def report_page(request: Request, actor: StudyReader, db: Db, report_id: int) -> Response:
    """A report as it was finished, with the ones it replaced."""
    report, access = opened_report(db, actor, report_id)
    former = reports.history_of(db, report)
    critical = newest_task(db, report)
    newer = next((each for each in _about(db, report) if each.status == "final" and each.id != report.id), None)
    return card_page(
        request,
        db,
        access,
        "radiology/report.html",
        "images",
        report=report,
        former=former,
        newer=newer,
        states=REPORT_STATES,
        study=db.get(Study, report.study_id) if report.study_id else None,
        study_title=study_title,
        may_correct=report.status == "final" and reports.may_write(actor, report.organization_id),
        code_titles=titles(db, [("icd10", report.icd10)] if report.icd10 else []),
        error=None,
        task=critical,
        may_answer=critical is not None and _may_answer(actor, critical),
        **report_pages.report_facts(db, [report, *former]),
    )


def _may_answer(actor: Actor, task: Task) -> bool:
    named = actor.practitioner_id in (task.owner_practitioner_id, *task.also_practitioner_ids)
    here = actor.scope(Permission.WORKLIST_TASK_ANSWER).allows(task.organization_id)
    return task.state == "open" and actor.may(Permission.WORKLIST_TASK_ANSWER) and (named or here)


def _about(db: Session, report: Report) -> list[Report]:
    return list(queries.reports_about(db, study_id=report.study_id, recording_id=report.recording_id))


@router.post("/radiology/reports/{report_id}/correct", name="radiology:correct_report")
def correct(request: Request, actor: ReportWriter, db: Db, report_id: int, posted: PostedForm) -> Response:
    """Begin the correction of a report in force."""
    report, _access = opened_report(db, actor, report_id)
    form = posted.check(CorrectionForm)
    if form.value is None or report.status != "final":
        url = str(request.app.url_path_for("radiology:report", report_id=report_id))
        return redirect(request, url, _("Say why in at least five letters"), "warning")
    return _to_form(request, reports.begin(db, actor, reports.about_report(db, report), form.value.reason))


@router.get("/radiology/reports/{report_id}/write", name="radiology:write_report")
def write(request: Request, actor: ReportWriter, db: Db, report_id: int, template: str = "") -> Response:
    """The form of a draft; another protocol may be chosen for it."""
    report, access = opened_report(db, actor, report_id)
    if report.status != "draft":
        return redirect(request, str(request.app.url_path_for("radiology:report", report_id=report_id)))
    form = report_pages.starting_form(db, report)
    if template in templates():
        form.raw["template"] = template
    return _form(request, db, access, report, form, form.text("template"))


def _form(
    request: Request,
    db: Session,
    access: PatientAccess,
    report: Report,
    form: Form[Any],
    template: str,
    answers: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    about = reports.about_report(db, report)
    return card_page(
        request,
        db,
        access,
        "radiology/write.html",
        "images",
        status_code=status_code,
        report=report,
        about=about,
        form=form,
        sheet=report_pages.sheet_of(db, report, template, answers, form.errors),
        choices=[(key, str(each.definition.title)) for key, each in templates().items()],
        title=study_title(about.study) if about.study else _("Electrocardiogram"),
        icd10_title=titles(db, [("icd10", form.text("icd10"))]).get(("icd10", form.text("icd10")), ""),
        **report_pages.dose_register(db, report.patient_id),
    )


def _posted(db: Session, report: Report, posted: PostedForm) -> tuple[Form[ReportForm], str, dict[str, Any]]:
    form = posted.check(ReportForm)
    template = form.text("template") if form.text("template") in templates() else report.template
    return form, template, read_posted(templates()[template], posted.data)


@router.post("/radiology/reports/{report_id}/keep", name="radiology:keep_report")
def keep(request: Request, actor: ReportWriter, db: Db, report_id: int, posted: PostedForm) -> Response:
    """Keep a draft."""
    report, access = opened_report(db, actor, report_id)
    form, template, answers = _posted(db, report, posted)
    if form.value is not None:
        try:
            with db.begin_nested():
                reports.keep(db, actor, report_id, form.value, answers)
        except Invalid as refused:
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("radiology:write_report", report_id=report_id))
            return redirect(request, url, _("The draft is kept"))
    return _form(request, db, access, report, form, template, answers, 422)


@router.post("/radiology/reports/{report_id}/finish", name="radiology:finish_report")
def finish(request: Request, actor: ReportWriter, db: Db, report_id: int, posted: PostedForm) -> Response:
    """Finish a report, or show what is missing."""
    report, access = opened_report(db, actor, report_id)
    form, template, answers = _posted(db, report, posted)
    if form.value is not None:
        check = str(request.app.url_path_for("documents:check", code="CODE"))
        try:
            with db.begin_nested() as step:
                done, checked = reports.finish(db, actor, report_id, form.value, answers, check)
                if checked.errors:
                    step.rollback()
        except OpsError as refused:
            form.refuse(refused)
        else:
            if not checked.errors:
                url = str(request.app.url_path_for("radiology:report", report_id=done.id))
                return redirect(request, url, _("The report is finished and waits for your signature"))
            form.errors.update(checked.errors)
            form.value = None
    db.refresh(report)
    return _form(request, db, access, report, form, template, answers, 422)


@router.post("/radiology/reports/{report_id}/discard", name="radiology:discard_report")
def discard(request: Request, actor: ReportWriter, db: Db, report_id: int) -> Response:
    """Give up a draft."""
    report, _access = opened_report(db, actor, report_id)
    url = request.app.url_path_for
    back = (
        url("radiology:study", study_id=report.study_id)
        if report.study_id
        else url("radiology:recording", recording_id=report.recording_id)
    )
    reports.discard(db, actor, report_id)
    return redirect(request, str(back), _("The draft is discarded"))
