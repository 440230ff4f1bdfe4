"""Names and titles that references and codes are shown with, looked up once for a page of resources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.kit.code_systems import ICD10, system_of
from ops_app.mechanisms.closed_topics.veil import is_masked
from ops_app.mechanisms.questionnaire.evaluation import Value
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.fhir.shapes import Resource, concept, reference
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import practitioner_names
from ops_app.modules.questionnaires.models import QuestionnaireResponse, QuestionnaireVersion
from ops_app.modules.questionnaires.service import facts_of
from ops_app.ui.render import local_name

_CLASSIFIERS = {"loinc": "observation", "kz_service": "service", "atc": "atc"}
_ICD_COLUMNS = ("icd10", "reason_icd10", "cause_icd10")
_PLACES = ("organization_id", "department_id", "site_id", "performer_organization_id", "parent_id")


@dataclass(frozen=True)
class FilledForm:
    """What a response was filled in with, and the person on that day."""

    version: QuestionnaireVersion
    person: dict[str, Value]


@dataclass(frozen=True)
class Words:
    """Titles of codes, names of places and of staff."""

    codes: dict[tuple[str, str], str]
    places: dict[int, str]
    staff: dict[int, str]
    forms: dict[int, FilledForm]
    masked: frozenset[str] = frozenset()
    """Reasons of orders that belong to a topic closed to the reader."""

    @classmethod
    def of(cls, session: Session, rows: Sequence[Any]) -> Words:
        """Look up what these rows mention, in three queries."""
        codes = [("icd10", getattr(row, column, None)) for row in rows for column in _ICD_COLUMNS]
        codes += [
            (_CLASSIFIERS.get(getattr(row, "code_system", "kz_service"), ""), getattr(row, "code", None))
            for row in rows
        ]
        wanted = {place for row in rows for column in _PLACES if (place := getattr(row, column, None))}
        places = {row.id: local_name(row) for row in _organizations(session, wanted)}
        return cls(
            titles(session, [pair for pair in codes if pair[0]]),
            places,
            practitioner_names(session, {getattr(row, "practitioner_id", None) for row in rows}),
            _forms(session, [row for row in rows if isinstance(row, QuestionnaireResponse)]),
            frozenset(
                reason for row in rows if (reason := getattr(row, "reason_icd10", None)) and is_masked(session, reason)
            ),
        )

    def icd10(self, code: str | None) -> Resource | None:
        """A diagnosis code with its title."""
        return concept(ICD10, code, self.codes.get(("icd10", code or "")))

    def code(self, system: str | None, code: str | None) -> Resource | None:
        """A code with its title."""
        return concept(system_of(system), code, self.codes.get((_CLASSIFIERS.get(system or "", ""), code or "")))

    def organization(self, organization_id: int | None) -> Resource | None:
        """A reference to a node of the tree."""
        return reference("Organization", organization_id, self.places.get(organization_id or 0))

    def practitioner(self, practitioner_id: int | None) -> Resource | None:
        """A reference to a member of staff."""
        return reference("Practitioner", practitioner_id, self.staff.get(practitioner_id or 0))


def _organizations(session: Session, ids: Iterable[int]) -> Sequence[Organization]:
    wanted = list(ids)
    return session.scalars(select(Organization).where(Organization.id.in_(wanted))).all() if wanted else []


def _forms(session: Session, responses: Sequence[QuestionnaireResponse]) -> dict[int, FilledForm]:
    if not responses:
        return {}
    used = {row.version_id for row in responses}
    found = session.scalars(select(QuestionnaireVersion).where(QuestionnaireVersion.id.in_(used)))
    versions = {version.id: version for version in found}
    return {row.id: FilledForm(versions[row.version_id], facts_of(session, row)) for row in responses}
