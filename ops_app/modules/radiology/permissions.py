"""The access rules that routes of this module name, and who may open a study."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.imaging.models import Study
from ops_app.modules.visits.models import ServiceRequest
from ops_app.patient_access import PatientAccess, open_patient, opens_patient
from ops_app.permissions import Permission

ImagesReader = Annotated[PatientAccess, opens_patient(Permission.IMAGING_STUDY_READ)]
StudyReader = Annotated[Actor, allowed(Permission.IMAGING_STUDY_READ)]
RecordBringer = Annotated[PatientAccess, opens_patient(Permission.IMAGING_STUDY_WRITE)]
StudyUploader = Annotated[Actor, allowed(Permission.IMAGING_STUDY_WRITE)]
OrderWriter = Annotated[Actor, allowed(Permission.VISITS_RECORD_WRITE)]
OrderPerformer = Annotated[Actor, allowed(Permission.RADIOLOGY_ORDER_PERFORM)]
ReportWriter = Annotated[Actor, allowed(Permission.RADIOLOGY_REPORT_WRITE)]

ADDRESSED = "imaging_order"
"""The rule that lets a department open whom it was asked to examine."""
MADE_HERE = "imaging_study"
"""The rule that lets those who make or read images open what was made in their organisation."""


def performing(actor: Actor, organization_id: int | None) -> bool:
    """Whether the actor works in the department that makes or reads images there."""
    return any(
        actor.scope(permission).allows(organization_id)
        for permission in (Permission.RADIOLOGY_ORDER_PERFORM, Permission.RADIOLOGY_REPORT_WRITE)
    )


def open_request(session: Session, actor: Actor, request: ServiceRequest) -> PatientAccess:
    """Open the person of an order that is addressed to the actor's department, or by the rules of the card."""
    addressed = performing(actor, request.performer_organization_id or request.organization_id)
    rule = ADDRESSED if addressed and request.entered_in_error_at is None else None
    return open_patient(session, actor, request.patient_id, Permission.VISITS_RECORD_READ, rule=rule)


def open_study(session: Session, actor: Actor, study_id: int) -> tuple[Study, PatientAccess | None]:
    """A study the actor may see; without a person only for those who work where it was made."""
    study = session.get(Study, study_id)
    if study is None or study.state == "removed":
        raise NotFound(_("There is no such study"))
    here = performing(actor, study.organization_id)
    if study.patient_id is not None:
        rule = MADE_HERE if here else None
        return study, open_patient(session, actor, study.patient_id, Permission.IMAGING_STUDY_READ, rule=rule)
    if not here and not actor.scope(Permission.IMAGING_STUDY_RECONCILE).allows(study.organization_id):
        raise NotFound(_("There is no such study"))
    return study, None
