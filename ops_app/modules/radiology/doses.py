"""The dose of an examination: from the DICOM headers or typed, kept in the person's register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.modules.radiology import queries
from ops_app.modules.radiology.forms import ReportForm
from ops_app.modules.radiology.models import Exposure, Report
from ops_app.modules.radiology.titles import IONISING

if TYPE_CHECKING:
    from ops_app.modules.radiology.reports import About

FIELDS = ("dap_dgycm2", "ctdivol_mgy")


def dicom_dose(session: Session, study_id: int | None) -> dict[str, float]:
    """What the headers say: areas add up over the images of a study, of CTDIvol the greatest counts.

    An effective dose is never made of them: its factors depend on region and age, and the doctor enters it.
    """
    found: dict[str, float] = {}
    if study_id is None:
        return found
    for each in queries.contents_of(session, study_id):
        for instance in each.instances:
            dose = instance.dose or {}
            area, ctdi = dose.get("dap_dgycm2"), dose.get("ctdivol_mgy")
            if isinstance(area, int | float) and area > 0:
                found["dap_dgycm2"] = round(found.get("dap_dgycm2", 0.0) + area, 4)
            if isinstance(ctdi, int | float) and ctdi > 0:
                found["ctdivol_mgy"] = max(found.get("ctdivol_mgy", 0.0), round(float(ctdi), 4))
    return found


def record_dose(
    session: Session, actor: Actor, report: Report, about: About, data: ReportForm, from_dicom: dict[str, float]
) -> Exposure | None:
    """Write the dose of a finished report into the register; nothing where there is none."""
    given = {name: getattr(data, name) for name in ("effective_msv", *FIELDS)}
    if not about.is_ionising or all(value is None for value in given.values()):
        return None
    typed = given["effective_msv"] is not None or any(given[name] != from_dicom.get(name) for name in FIELDS)
    row = Exposure(
        patient_id=report.patient_id,
        report_id=report.id,
        performed_at=about.performed_at,
        modality=next(modality for modality in about.modalities if modality in IONISING),
        body_part=about.body_part,
        projection=report.projection,
        source="typed" if typed else "dicom",
        **given,
    )
    session.add(row)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="radiology.exposure",
        entity_id=row.id,
        patient_id=row.patient_id,
        after=audit.snapshot(row),
    )
    return row


def withdraw_dose(session: Session, report_id: int) -> None:
    """The report was corrected: its dose stands in the new one."""
    row = queries.exposure_of(session, report_id)
    if row is not None and row.withdrawn_at is None:
        row.withdrawn_at = clock.now()
        session.flush()


def year_total(rows: list[Exposure]) -> tuple[float, int]:
    """The effective dose of a year in mSv, and how many examinations gave no effective dose."""
    known = [row.effective_msv for row in rows if row.effective_msv is not None]
    return round(sum(known), 3), len(rows) - len(known)
