"""Forms and scales as FHIR R4: a stored version is a Questionnaire, what was filled in a QuestionnaireResponse."""

from __future__ import annotations

from ops_app.mechanisms.questionnaire.fhir import questionnaire_resource, response_resource, response_status
from ops_app.modules.fhir.shapes import Resource
from ops_app.modules.fhir.words import Words
from ops_app.modules.questionnaires.catalogue import compiled_of
from ops_app.modules.questionnaires.models import QuestionnaireResponse, QuestionnaireVersion

STATUSES = {"in-progress": ("in_progress",), "completed": ("completed",), "amended": ("amended",)}


def questionnaire(row: QuestionnaireVersion, _words: Words) -> Resource:
    """A version of a definition; its own name stays in ``name`` and ``url``."""
    resource = questionnaire_resource(compiled_of(row))
    del resource["id"]
    return resource


def questionnaire_response(row: QuestionnaireResponse, words: Words) -> Resource:
    """What was filled in."""
    form = words.forms[row.id]
    resource = response_resource(
        compiled_of(form.version),
        row.answers,
        form.person,
        resource_id=str(row.id),
        patient_id=str(row.patient_id),
        encounter_id=str(row.encounter_id) if row.encounter_id else None,
        practitioner_id=str(row.practitioner_id) if row.practitioner_id else None,
        status=response_status(row.status, in_error=row.entered_in_error_at is not None),
        authored=row.event_at,
    )
    del resource["id"]
    return resource
