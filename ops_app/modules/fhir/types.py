"""The resource types this API answers for: one declaration each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, or_

from ops_app.modules.appointments.models import Appointment
from ops_app.modules.episodes.models import EpisodeOfCare
from ops_app.modules.fhir import clinical, forms, people
from ops_app.modules.fhir import parameters as p
from ops_app.modules.fhir.shapes import Resource
from ops_app.modules.fhir.words import Words
from ops_app.modules.person_facts.models import Relative
from ops_app.modules.questionnaires.models import QuestionnaireResponse
from ops_app.modules.visits import models as visits


@dataclass(frozen=True)
class ClinicalType:
    """A kind of fact about one person."""

    name: str
    model: type[Any]
    draw: Callable[[Any, Words], Resource]
    date_parameter: str
    """Empty where FHIR has none for the kind."""
    at: Any
    """The column the date parameter compares, and by which an export takes a period."""
    parameters: Mapping[str, p.Parameter] = field(default_factory=dict)
    only: tuple[Any, ...] = ()
    """Conditions on rows that are told of at all."""

    @property
    def entity(self) -> str:
        """The name under which the audit keeps its changes."""
        return f"{self.model.__table__.schema}.{self.model.__tablename__}"

    @property
    def includes(self) -> tuple[str, ...]:
        """What ``_include`` may ask for."""
        patient = "patient" if self.name in _ABOUT_PATIENT else "subject"
        found = [f"{self.name}:patient", *([f"{self.name}:subject"] if patient == "subject" else [])]
        if hasattr(self.model, "encounter_id"):
            found.append(f"{self.name}:encounter")
        return (*found, f"{self.name}:organization")

    @property
    def all_parameters(self) -> dict[str, p.Parameter]:
        """Its own and those every fact has."""
        common = {"_id": p.key(self.model.id)}
        if self.date_parameter:
            common[self.date_parameter] = p.moments(self.at)
        if hasattr(self.model, "encounter_id"):
            common["encounter"] = p.reference(self.model.encounter_id, "Encounter")
        return {**common, **self.parameters}


_ABOUT_PATIENT = ("Immunization", "EpisodeOfCare", "Appointment", "RelatedPerson")
_E, _C, _O, _P = visits.Encounter, visits.Condition, visits.Observation, visits.Procedure
_S, _M, _I = visits.ServiceRequest, visits.MedicationRequest, visits.Immunization
_LIVE = _C.entered_in_error_at.is_(None)

CLINICAL: dict[str, ClinicalType] = {
    kind.name: kind
    for kind in (
        ClinicalType(
            "Encounter",
            _E,
            clinical.encounter,
            "date",
            _E.event_at,
            {
                "status": p.status(
                    _E.status,
                    _E.entered_in_error_at,
                    {
                        "planned": ("planned",),
                        "in-progress": ("in_progress",),
                        "finished": ("finished",),
                        "cancelled": ("cancelled",),
                    },
                ),
                "class": p.mapped(
                    {code: _E.encounter_class == stored for stored, code in clinical.CLASSES.items()},
                ),
                "service-provider": p.reference(_E.organization_id, "Organization"),
                "participant": p.reference(_E.practitioner_id, "Practitioner"),
            },
        ),
        ClinicalType(
            "Condition",
            _C,
            clinical.condition,
            "recorded-date",
            _C.event_at,
            {
                "code": p.diagnosis(_C.icd10, _C.original_code, _C.original_system),
                "clinical-status": p.mapped(
                    {
                        "active": and_(_C.abated_at.is_(None), _LIVE),
                        "resolved": and_(_C.abated_at.is_not(None), _LIVE),
                    }
                ),
                "verification-status": p.mapped(
                    {
                        "confirmed": and_(_C.kind.in_(("admission", "final")), _LIVE),
                        "provisional": and_(_C.kind.in_(("preliminary", "referral")), _LIVE),
                        "entered-in-error": _C.entered_in_error_at.is_not(None),
                    }
                ),
            },
        ),
        ClinicalType(
            "Observation",
            _O,
            clinical.observation,
            "date",
            _O.event_at,
            {
                "code": p.code(_O.code, _O.code_system),
                "status": p.status(
                    _O.status,
                    _O.entered_in_error_at,
                    {name: (name,) for name in ("preliminary", "final", "corrected", "cancelled")},
                ),
            },
        ),
        ClinicalType(
            "Procedure",
            _P,
            clinical.procedure,
            "date",
            _P.event_at,
            {
                "code": p.code(_P.code, _P.code_system),
                "status": p.status(
                    _P.status,
                    _P.entered_in_error_at,
                    {"in-progress": ("in_progress",), "completed": ("completed",), "not-done": ("cancelled",)},
                ),
            },
        ),
        ClinicalType(
            "ServiceRequest",
            _S,
            clinical.service_request,
            "authored",
            _S.event_at,
            {
                "code": p.code(_S.code),
                "status": p.status(
                    _S.status,
                    _S.entered_in_error_at,
                    {
                        "draft": ("draft",),
                        "active": ("active", "scheduled", "in_progress"),
                        "completed": ("completed",),
                        "revoked": ("cancelled",),
                    },
                ),
                "performer": p.reference(_S.performer_organization_id, "Organization"),
            },
        ),
        ClinicalType(
            "MedicationRequest",
            _M,
            clinical.medication_request,
            "authoredon",
            _M.event_at,
            {
                "code": p.code(_M.code, _M.code_system),
                "status": p.status(
                    _M.status,
                    _M.entered_in_error_at,
                    {name: (name,) for name in ("active", "completed", "stopped", "cancelled")},
                ),
            },
        ),
        ClinicalType(
            "Immunization",
            _I,
            clinical.immunization,
            "date",
            _I.event_at,
            {
                "vaccine-code": p.code(_I.code, _I.code_system),
                "status": p.status(
                    _I.status,
                    _I.entered_in_error_at,
                    {"completed": ("completed",), "not-done": ("refused", "contraindicated")},
                ),
            },
        ),
        ClinicalType(
            "EpisodeOfCare",
            EpisodeOfCare,
            clinical.episode_of_care,
            "date",
            EpisodeOfCare.event_at,
            {
                "type": p.code(EpisodeOfCare.kind),
                "status": p.status(
                    EpisodeOfCare.status,
                    EpisodeOfCare.entered_in_error_at,
                    {name: (name,) for name in ("active", "finished", "cancelled")},
                ),
            },
        ),
        ClinicalType(
            "QuestionnaireResponse",
            QuestionnaireResponse,
            forms.questionnaire_response,
            "authored",
            QuestionnaireResponse.event_at,
            {
                "questionnaire": p.code(QuestionnaireResponse.key),
                "status": p.status(
                    QuestionnaireResponse.status, QuestionnaireResponse.entered_in_error_at, forms.STATUSES
                ),
            },
            only=(QuestionnaireResponse.status != "discarded",),
        ),
        ClinicalType(
            "Appointment",
            Appointment,
            clinical.appointment,
            "date",
            Appointment.start_at,
            {
                "status": p.status(
                    Appointment.status,
                    Appointment.entered_in_error_at,
                    {name: (name,) for name in ("booked", "arrived", "fulfilled", "cancelled", "noshow")},
                ),
            },
        ),
        ClinicalType(
            "RelatedPerson",
            Relative,
            people.related_person,
            "",
            Relative.recorded_at,
            {
                "relationship": p.code(Relative.relation),
                "active": p.mapped(
                    {
                        "true": and_(Relative.end_date.is_(None), Relative.entered_in_error_at.is_(None)),
                        "false": or_(Relative.end_date.is_not(None), Relative.entered_in_error_at.is_not(None)),
                    }
                ),
            },
        ),
    )
}
PATIENT_WORDS = ("patient", "subject", "patient.identifier", "subject.identifier", "patient:Patient", "subject:Patient")
"""How a search names the person; facts are only ever searched within one person."""
