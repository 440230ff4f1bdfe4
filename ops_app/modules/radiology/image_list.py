"""Images of a person as a list: orders that are open, studies and recordings with small pictures, doses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import _
from ops_app.modules.organizations.models import Organization
from ops_app.modules.radiology import queries
from ops_app.modules.radiology.doses import year_total
from ops_app.modules.radiology.models import Report
from ops_app.modules.radiology.protocol import dose_text
from ops_app.modules.radiology.study_view import picture_url, study_title
from ops_app.modules.radiology.tickets import ticket
from ops_app.modules.radiology.titles import BODY_PART_TITLES, MODALITY_TITLES, STEP_COLOURS, STEPS


@dataclass(frozen=True, slots=True)
class Shown:
    """A study or a recording as a line with a picture."""

    key: tuple[str, int]
    at: dt.datetime
    title: str
    details: str
    url: str
    picture: str | None
    organization: Organization | None
    report: Report | None


def shown_of(session: Session, actor: Actor, records: Sequence[int], url: Callable[..., str]) -> list[Shown]:
    """Studies and recordings of a person, newest first."""
    studies, recordings = queries.studies_of(session, records), queries.recordings_of(session, records)
    pictures = queries.first_pictures(session, [study.id for study in studies])
    places = {study.organization_id for study in studies} | {recording.organization_id for recording in recordings}
    organizations = {
        row.id: row
        for row in session.query(Organization).where(Organization.id.in_(place for place in places if place)).all()
    }
    reports = queries.final_reports(session, records)
    by_study = {report.study_id: report for report in reports if report.study_id}
    by_recording = {report.recording_id: report for report in reports if report.recording_id}
    found = []
    for study in studies:
        picture = pictures.get(study.id)
        found.append(
            Shown(
                ("study", study.id),
                study.started_at or study.received_at,
                study_title(study),
                ", ".join(study.modalities),
                url("radiology:study", study_id=study.id),
                picture_url(url, picture.id, 1, ticket(actor, f"study:{study.id}"), 96) if picture else None,
                organizations.get(study.organization_id or 0),
                by_study.get(study.id),
            )
        )
    for recording in recordings:
        given = ticket(actor, f"recording:{recording.id}")
        found.append(
            Shown(
                ("recording", recording.id),
                recording.recorded_on,
                _("Electrocardiogram"),
                ", ".join(lead["name"] for lead in recording.leads[:12]),
                url("radiology:recording", recording_id=recording.id),
                url("radiology:recording_picture", recording_id=recording.id, given=given),
                organizations.get(recording.organization_id),
                by_recording.get(recording.id),
            )
        )
    return sorted(found, key=lambda each: each.at, reverse=True)


def shown_by_key(
    session: Session, actor: Actor, records: Sequence[int], url: Callable[..., str]
) -> dict[tuple[str, int], Shown]:
    """The same for the timeline, which finds them by kind and number."""
    return {each.key: each for each in shown_of(session, actor, records, url)}


def of_person(session: Session, actor: Actor, records: Sequence[int], url: Callable[..., str]) -> dict[str, Any]:
    """Everything the tab of images shows."""
    rows = list(queries.exposures(session, records))
    total, unknown = year_total(rows)
    return {
        "shown": shown_of(session, actor, records, url),
        "orders": [
            (request, order, queries.step_of(request, order))
            for request, order in queries.requests_of(session, records)
        ],
        "steps": STEPS,
        "step_colours": STEP_COLOURS,
        "modalities": MODALITY_TITLES,
        "body_parts": BODY_PART_TITLES,
        "exposures": [(row, dose_text(row.effective_msv, row.dap_dgycm2, row.ctdivol_mgy)) for row in rows],
        "dose_total": total,
        "dose_unknown": unknown,
    }
