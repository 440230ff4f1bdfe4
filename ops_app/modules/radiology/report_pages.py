"""What pages about reports are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, blank
from ops_app.kit.numbers import show_number
from ops_app.mechanisms.questionnaire.scoring import outcome
from ops_app.modules.documents.titles import STATUS_COLOURS, STATUSES
from ops_app.modules.imaging.models import Study
from ops_app.modules.organizations.queries import practitioner_names
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import record_ids
from ops_app.modules.questionnaires.pages import Sheet
from ops_app.modules.questionnaires.service import person_facts
from ops_app.modules.radiology import queries, reports
from ops_app.modules.radiology.doses import dicom_dose, year_total
from ops_app.modules.radiology.models import Recording, Report
from ops_app.modules.radiology.protocol import dose_text
from ops_app.modules.radiology.report_templates import templates

COMMON = ("projection", "conclusion", "recommendation", "icd10", "is_critical", "told_to", "language")


def report_panel(
    session: Session, actor: Actor, *, study: Study | None = None, recording: Recording | None = None
) -> dict[str, Any]:
    """The report beside a picture: the one in force, its history, the actor's draft, who may write."""
    subject = study or recording
    assert subject is not None
    known = queries.reports_about(
        session, study_id=study.id if study else None, recording_id=recording.id if recording else None
    )
    current = next((each for each in known if each.status == "final"), None)
    draft = next((each for each in known if each.status == "draft" and each.written_by == actor.login), None)
    return {
        "report": current,
        "draft": draft,
        "may_report": subject.patient_id is not None and reports.may_write(actor, subject.organization_id),
        **report_facts(session, [current] if current else []),
    }


def report_facts(session: Session, found: list[Report]) -> dict[str, Any]:
    """Documents, authors and doses of reports, for the macro that draws one."""
    doses = {each.id: queries.exposure_of(session, each.id) for each in found}
    return {
        "documents": queries.documents_of(session, found),
        "authors": practitioner_names(session, [each.practitioner_id for each in found]),
        "doses": {
            key: dose_text(row.effective_msv, row.dap_dgycm2, row.ctdivol_mgy) for key, row in doses.items() if row
        },
        "document_states": STATUSES,
        "document_colours": STATUS_COLOURS,
    }


def starting_form(session: Session, report: Report) -> Form[Any]:
    """The fields of a draft, with the dose from the headers or from the report it corrects."""
    raw: dict[str, Any] = {name: getattr(report, name) for name in COMMON}
    raw["is_critical"] = "1" if report.is_critical else ""
    raw |= {"template": report.template, "version": report.row_xid}
    before = queries.exposure_of(session, report.corrects_id) if report.corrects_id else None
    if before is not None:
        known = {name: getattr(before, name) for name in ("effective_msv", "dap_dgycm2", "ctdivol_mgy")}
    else:
        known = dict(dicom_dose(session, report.study_id))
    raw |= {name: show_number(value) for name, value in known.items() if value is not None}
    return blank(raw)


def sheet_of(
    session: Session,
    report: Report,
    template: str | None = None,
    answers: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Sheet:
    """The protocol of a report with its answers."""
    compiled = templates()[template or report.template]
    facts = person_facts(session.get_one(Patient, report.patient_id), clock.today())
    answers = report.answers if answers is None else answers
    return Sheet(compiled, answers, outcome(compiled, answers, facts), facts, errors or {})


def dose_register(session: Session, patient_id: int) -> dict[str, Any]:
    """The doses of a person over a year."""
    rows = list(queries.exposures(session, record_ids(session, patient_id)))
    total, unknown = year_total(rows)
    return {
        "exposures": [(row, dose_text(row.effective_msv, row.dap_dgycm2, row.ctdivol_mgy)) for row in rows],
        "dose_total": total,
        "dose_unknown": unknown,
    }
