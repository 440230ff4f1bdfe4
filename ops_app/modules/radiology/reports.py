"""Reports: begun, kept, finished, corrected. A finished one never changes; a correction is a new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _, speaking
from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.answers import Checked, check
from ops_app.modules.classifiers.queries import concept
from ops_app.modules.imaging.models import Study
from ops_app.modules.patients.models import Patient
from ops_app.modules.questionnaires.codes import with_codes
from ops_app.modules.questionnaires.service import person_facts
from ops_app.modules.questionnaires.words import in_words
from ops_app.modules.radiology import orders, queries, telling
from ops_app.modules.radiology.doses import dicom_dose, record_dose, withdraw_dose
from ops_app.modules.radiology.forms import ReportForm
from ops_app.modules.radiology.models import Recording, Report
from ops_app.modules.radiology.report_document import form_report
from ops_app.modules.radiology.report_templates import template_for, templates
from ops_app.modules.radiology.titles import IONISING
from ops_app.modules.visits.models import ServiceRequest
from ops_app.permissions import Permission


@dataclass(frozen=True, slots=True)
class About:
    """What a report is about: a study or a recording of a person."""

    patient_id: int
    organization_id: int
    modalities: tuple[str, ...]
    body_part: str | None
    performed_at: dt.datetime
    service_request_id: int | None
    study: Study | None = None
    recording: Recording | None = None

    @property
    def is_ionising(self) -> bool:
        """Whether the person's register counts its dose."""
        return any(modality in IONISING for modality in self.modalities)


def about_study(session: Session, study: Study) -> About:
    """A received study; refused until it is known whose it is."""
    if study.patient_id is None or study.organization_id is None:
        raise Conflict(_("Say first whose study this is"))
    parts = [each.series.body_part for each in queries.contents_of(session, study.id) if each.series.body_part]
    order = orders.order_of(session, study.service_request_id) if study.service_request_id else None
    return About(
        study.patient_id,
        study.organization_id,
        tuple(study.modalities),
        (parts[0] if parts else None) or (order.body_part if order else None),
        study.started_at or study.received_at,
        study.service_request_id,
        study=study,
    )


def about_recording(recording: Recording) -> About:
    """A WFDB record."""
    return About(
        recording.patient_id,
        recording.organization_id,
        ("ECG",),
        None,
        recording.recorded_on,
        recording.service_request_id,
        recording=recording,
    )


def about_report(session: Session, report: Report) -> About:
    """What a stored report is about."""
    if report.study_id is not None:
        return about_study(session, session.get_one(Study, report.study_id))
    return about_recording(queries.recording_or_404(session, report.recording_id or 0))


def may_write(actor: Actor, organization_id: int | None) -> bool:
    """Whether the actor may report what was made in an organisation."""
    return actor.practitioner_id is not None and actor.scope(Permission.RADIOLOGY_REPORT_WRITE).allows(organization_id)


def begin(session: Session, actor: Actor, about: About, reason: str | None = None) -> Report:
    """Begin a report, or open the actor's unfinished one; with a reason it corrects the one in force."""
    if not may_write(actor, about.organization_id):
        raise Forbidden(_("Reports are written where the study was made, by a doctor of that department"))
    known = queries.reports_about(
        session,
        study_id=about.study.id if about.study else None,
        recording_id=about.recording.id if about.recording else None,
    )
    own = next((each for each in known if each.status == "draft" and each.written_by == actor.login), None)
    if own is not None:
        return own
    current = next((each for each in known if each.status == "final"), None)
    if current is not None and not (reason or "").strip():
        raise Invalid(_("Say why the report is corrected"), field="reason")
    template = current.template if current else template_for(about.modalities, about.body_part)
    report = Report(
        patient_id=about.patient_id,
        organization_id=about.organization_id,
        practitioner_id=actor.practitioner_id,
        study_id=about.study.id if about.study else None,
        recording_id=about.recording.id if about.recording else None,
        service_request_id=about.service_request_id,
        template=template,
        template_version=templates()[template].definition.version,
        answers=dict(current.answers) if current else {},
        written_by=actor.login,
    )
    if current is not None:
        report.corrects_id, report.correction_reason = current.id, (reason or "").strip()[:500]
        for name in ("projection", "conclusion", "recommendation", "icd10", "is_critical", "told_to", "language"):
            setattr(report, name, getattr(current, name))
    elif about.study is not None:
        report.projection = _projections(session, about.study.id)
    session.add(report)
    session.flush()
    _log(session, actor, report, None)
    return report


def _projections(session: Session, study_id: int) -> str | None:
    found = [
        " ".join(filter(None, (instance.projection, instance.laterality)))
        for each in queries.contents_of(session, study_id)
        for instance in each.instances
    ]
    return ", ".join(dict.fromkeys(filter(None, found)))[:120] or None


def _own_draft(session: Session, actor: Actor, report_id: int) -> Report:
    queries.report_or_404(session, report_id)
    report = session.get_one(Report, report_id, with_for_update=True, populate_existing=True)
    if report.written_by != actor.login or not may_write(actor, report.organization_id):
        raise Forbidden(_("This report is written by somebody else"))
    if report.status != "draft":
        raise Conflict(_("This report is finished; correct it instead"))
    return report


def keep(session: Session, actor: Actor, report_id: int, data: ReportForm, answers: Mapping[str, Any]) -> Report:
    """Keep what was written so far, right or not."""
    report = _own_draft(session, actor, report_id)
    if data.version is not None and data.version != report.row_xid:
        raise Conflict(_("Somebody changed this report while you were writing it"))
    if data.template not in templates():
        raise Invalid(_("Choose one of the listed values"), field="template")
    report.template = data.template
    report.template_version = templates()[data.template].definition.version
    report.answers = with_codes(session, templates()[data.template], answers, clock.today())
    for name in ("projection", "conclusion", "recommendation", "icd10", "is_critical", "told_to", "language"):
        setattr(report, name, getattr(data, name))
    session.flush()
    session.refresh(report)
    return report


def finish(
    session: Session, actor: Actor, report_id: int, data: ReportForm, answers: Mapping[str, Any], check_path: str
) -> tuple[Report, Checked]:
    """Finish a report: its document waits for the signature, the order is done, who asked is told."""
    report = keep(session, actor, report_id, data, answers)
    about = about_report(session, report)
    patient = session.get_one(Patient, report.patient_id)
    compiled = templates()[report.template]
    checked = check(compiled, report.answers, person_facts(patient, clock.today()))
    _check_common(session, about, data, checked)
    if checked.errors:
        return report, checked
    corrected = queries.report_or_404(session, report.corrects_id) if report.corrects_id else None
    if corrected is not None:
        if corrected.status != "final":
            raise Conflict(_("Somebody corrected this report meanwhile"))
        corrected.status = "replaced"
        withdraw_dose(session, corrected.id)
        session.flush()
    elif any(each.status == "final" for each in _siblings(session, about)):
        raise Conflict(_("Somebody finished a report of this study meanwhile"))
    report.answers, report.status, report.finished_at = checked.answers, "final", clock.now()
    with speaking(report.language):
        report.shown = in_words(compiled, checked.answers, checked.outcome)
    dose = record_dose(
        session, actor, report, about, data, dicom_dose(session, about.study.id if about.study else None)
    )
    document = form_report(
        session, actor, report, about, dose, check_path, corrected.document_id if corrected else None
    )
    report.document_id = document.id
    session.flush()
    _log(session, actor, report, None)
    request = session.get(ServiceRequest, report.service_request_id) if report.service_request_id else None
    if request is not None:
        orders.complete(session, actor, request, report.conclusion or "")
    telling.tell(session, actor, report, request, corrected=corrected)
    session.refresh(report)
    return report, checked


def _siblings(session: Session, about: About) -> list[Report]:
    if about.study is not None:
        return list(queries.reports_about(session, study_id=about.study.id))
    return list(queries.reports_about(session, recording_id=about.recording.id if about.recording else 0))


def _check_common(session: Session, about: About, data: ReportForm, checked: Checked) -> None:
    if not data.conclusion:
        checked.errors["conclusion"] = _("Write the conclusion")
    if data.icd10 is not None:
        found = concept(session, "icd10", data.icd10)
        if found is None or not found.is_selectable:
            checked.errors["icd10"] = _("There is no such code in ICD-10")
    doses = (data.effective_msv, data.dap_dgycm2, data.ctdivol_mgy)
    if about.is_ionising and not data.dose_unknown and all(dose is None for dose in doses):
        checked.errors["effective_msv"] = _("Enter the dose for the person's register, or tick that it is not known")


def discard(session: Session, actor: Actor, report_id: int) -> Report:
    """Give up a draft: nothing it says was ever read by anybody else."""
    report = _own_draft(session, actor, report_id)
    audit.changed(
        session,
        actor,
        entity="radiology.report",
        entity_id=report.id,
        patient_id=report.patient_id,
        before=audit.snapshot(report),
        after=None,
    )
    session.delete(report)
    session.flush()
    return report


def _log(session: Session, actor: Actor, report: Report, before: dict[str, Any] | None) -> None:
    audit.changed(
        session,
        actor,
        entity="radiology.report",
        entity_id=report.id,
        patient_id=report.patient_id,
        before=before,
        after=audit.snapshot(report),
    )


def history_of(session: Session, report: Report) -> list[Report]:
    """The reports that this one replaced, newest first."""
    found: list[Report] = []
    earlier = report.corrects_id
    while earlier is not None and len(found) < 50:
        row = session.scalar(select(Report).where(Report.id == earlier))
        if row is None:
            break
        found.append(row)
        earlier = row.corrects_id
    return found
