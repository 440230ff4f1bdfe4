"""Searching and reading: who may, what is found, drawn as resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import BadRequest, Forbidden, NotFound
from ops_app.i18n import _
from ops_app.modules.fhir import forms, queries, registers
from ops_app.modules.fhir import parameters as p
from ops_app.modules.fhir.bundles import bundle, entries, identified, links
from ops_app.modules.fhir.opening import opened, told
from ops_app.modules.fhir.queries import Changed, Statement
from ops_app.modules.fhir.shapes import Resource
from ops_app.modules.fhir.systems import BIN, IIN, TEMPORARY_ID
from ops_app.modules.fhir.types import CLINICAL, PATIENT_WORDS, ClinicalType
from ops_app.modules.fhir.words import Words
from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import record_ids, standing_for
from ops_app.modules.personal_data.application_limits import withheld_by
from ops_app.modules.questionnaires.models import QuestionnaireVersion
from ops_app.permissions import Permission

DEFAULT_COUNT, MOST = 50, 500
RESULT_WORDS = ("_count", "_offset", "_include", "_format", "_lastUpdated", "_summary")

_Query = Sequence[tuple[str, str]]

PATIENT: dict[str, p.Parameter] = {
    "_id": p.key(Patient.id),
    "identifier": lambda value: or_(
        *(
            column == value.rpartition("|")[2]
            for system, column in ((IIN, Patient.iin), (TEMPORARY_ID, Patient.temporary_id))
            if value.rpartition("|")[0] in ("", system)
        ),
        Patient.id < 0,
    ),
    "name": p.starts_with(Patient.family_fold, Patient.given_fold, Patient.patronymic_fold),
    "family": p.starts_with(Patient.family_fold),
    "given": p.starts_with(Patient.given_fold, Patient.patronymic_fold),
    "birthdate": p.days(Patient.birth_date),
    "gender": p.code(Patient.sex),
}
PRACTITIONER: dict[str, p.Parameter] = {
    "_id": p.key(Practitioner.id),
    "identifier": p.key(Practitioner.id),
}
PRACTITIONER_ROLE: dict[str, p.Parameter] = {
    "_id": p.key(PractitionerRole.id),
    "practitioner": p.reference(PractitionerRole.practitioner_id, "Practitioner"),
    "organization": p.reference(PractitionerRole.organization_id, "Organization"),
    "role": p.code(PractitionerRole.position),
}
ORGANIZATION: dict[str, p.Parameter] = {
    "_id": p.key(Organization.id),
    "identifier": p.code(Organization.bin, system=BIN),
    "name": lambda value: or_(
        *(
            column.istartswith(value, autoescape=True)
            for column in (Organization.name_kk, Organization.name_ru, Organization.name_en)
        )
    ),
    "partof": p.reference(Organization.parent_id, "Organization"),
    "type": lambda value: or_(
        *(
            column == value.rpartition("|")[2]
            for column in (Organization.kind, Organization.organization_type, Organization.site_kind)
        )
    ),
}
QUESTIONNAIRE: dict[str, p.Parameter] = {
    "_id": p.key(QuestionnaireVersion.id),
    "name": p.code(QuestionnaireVersion.key),
}
REGISTERS = {
    "Patient": PATIENT,
    "Questionnaire": QUESTIONNAIRE,
    "Practitioner": PRACTITIONER,
    "PractitionerRole": PRACTITIONER_ROLE,
    "Organization": ORGANIZATION,
}
_DRAWN: dict[str, Callable[[Any, Words], Resource]] = {
    "Questionnaire": forms.questionnaire,
    "Practitioner": registers.practitioner,
    "PractitionerRole": registers.practitioner_role,
    "Organization": registers.organization,
}
INCLUDES = {
    "PractitionerRole": ("PractitionerRole:practitioner", "PractitionerRole:organization"),
    **{name: kind.includes for name, kind in CLINICAL.items()},
}


@dataclass(frozen=True)
class Asked:
    """A search as its address says it."""

    kind: str
    query: _Query
    strict: bool = False

    def __post_init__(self) -> None:
        if self.one("_format") not in (None, "json", "application/json", "application/fhir+json"):
            raise BadRequest(_("This server answers in JSON only"))
        unknown = [name for name, _value in self.query if name not in self.known]
        if self.strict and unknown:
            raise BadRequest(_("There is no search parameter %(name)s here", name=unknown[0]))

    @property
    def known(self) -> set[str]:
        """Names of the parameters that count."""
        if self.kind in CLINICAL:
            return {*CLINICAL[self.kind].all_parameters, *PATIENT_WORDS, *RESULT_WORDS}
        return {*REGISTERS[self.kind], *RESULT_WORDS}

    @property
    def used(self) -> _Query:
        """The query without what was ignored, for the links of the answer."""
        return [(name, value) for name, value in self.query if name in self.known]

    def one(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name), None)

    def number(self, name: str, default: int, most: int) -> int:
        value = self.one(name)
        if value is None:
            return default
        if not value.isdigit():
            raise p.refused(name, value)
        return min(int(value), most)

    @property
    def count(self) -> int:
        return max(1, self.number("_count", DEFAULT_COUNT, MOST))

    @property
    def offset(self) -> int:
        return self.number("_offset", 0, 1_000_000)

    @property
    def since(self) -> list[Callable[[Any], p.Condition]]:
        """Conditions on the time of the last change, made once the column is known."""
        values = [value for name, value in self.query if name == "_lastUpdated"]
        for value in values:
            p.span(value)
        return [lambda column, value=value: p.moments(column)(value) for value in values]  # type: ignore[misc]

    @property
    def includes(self) -> set[str]:
        wanted = {value for name, value in self.query if name == "_include"}
        return wanted & set(INCLUDES.get(self.kind, ()))


def search(session: Session, actor: Actor, asked: Asked) -> Resource:
    """A page of what a search finds."""
    if asked.kind in CLINICAL:
        return _facts(session, actor, asked, CLINICAL[asked.kind])
    statement, totals = _register(session, actor, asked)
    rows = queries.page_of(session, statement, asked.count, asked.offset)
    found = rows[: asked.count]
    if asked.kind == "Patient":
        people = [row.id for row, _changed in found]
        audit.read_many(session, actor, people, rule="search")
        told(session, actor, people, "search")
    listed = entries(draw(session, asked.kind, found), "match")
    listed += entries(_included(session, asked, [row for row, _changed in found]), "include")
    return _page(session, asked, statement if totals else None, listed, len(rows) > asked.count)


def _page(
    session: Session, asked: Asked, statement: Statement | None, listed: list[Resource], has_next: bool
) -> Resource:
    total = queries.total_of(session, statement) if statement is not None else None
    if asked.one("_summary") == "count":
        listed = []
    return bundle("searchset", listed, total, links(asked.kind, asked.used, asked.count, asked.offset, has_next))


def _register(session: Session, actor: Actor, asked: Asked) -> tuple[Statement, bool]:
    """The statement of a search, and whether counting it is cheap."""
    where = p.conditions(REGISTERS[asked.kind], list(asked.query))
    if asked.kind == "Patient":
        _must(actor, Permission.PATIENTS_IDENTITY_READ)
        narrow = {"_id", "identifier", "family", "name"} & {name for name, _value in asked.query}
        scope = actor.scope(Permission.PATIENTS_IDENTITY_READ)
        return queries.people(where, asked.since, scope), bool(narrow)
    scope = actor.scope(Permission.FHIR_RESOURCE_READ)
    if asked.kind == "Practitioner":
        return queries.staff(where, scope), True
    if asked.kind == "PractitionerRole":
        return queries.positions(where, scope), True
    if asked.kind == "Questionnaire":
        return queries.definitions(where), True
    return queries.organizations(where), True


def _must(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise Forbidden()


def _facts(session: Session, actor: Actor, asked: Asked, kind: ClinicalType) -> Resource:
    _must(actor, Permission.PATIENTS_CARD_READ)
    patient_id = _person(session, asked)
    opened(session, actor, patient_id, Permission.PATIENTS_CARD_READ)
    where = [*p.conditions(kind.all_parameters, list(asked.query)), *_given(session, kind)]
    statement = queries.facts(kind, record_ids(session, patient_id), where, asked.since)
    rows = queries.page_of(session, statement, asked.count, asked.offset)
    found = rows[: asked.count]
    listed = entries(draw(session, asked.kind, found), "match")
    listed += entries(_included(session, asked, [row for row, _changed in found]), "include")
    return _page(session, asked, statement, listed, len(rows) > asked.count)


def _given(session: Session, kind: ClinicalType) -> list[p.Condition]:
    """That the facility of a row gives this kind to applications, where one is asking."""
    withheld = withheld_by(session, kind.name)
    return [kind.model.organization_id.not_in(withheld)] if withheld else []


def _person(session: Session, asked: Asked) -> int:
    """The person a search of facts is about; the record that stands for it, if a merge hid it."""
    for name, value in asked.query:
        if name not in PATIENT_WORDS:
            continue
        if name.endswith(".identifier"):
            rows = queries.page_of(session, queries.people([PATIENT["identifier"](value)], [], None), 20, 0)
            live = [row for row, _changed in rows if row.is_live and row.entered_in_error_at is None]
            if not live:
                raise NotFound(_("There is no such patient"))
            return int(live[0].id)
        return standing_for(session, p.number(value, "Patient"))
    raise BadRequest(
        _("Name the person: a search of this kind needs the parameter patient"),
        advice=_("For example %(example)s", example=f"/fhir/{asked.kind}?patient=12"),
    )


def read(session: Session, actor: Actor, kind: str, row_id: int) -> Resource:
    """One resource, opened as the screens open it."""
    if kind == "Patient":
        _must(actor, Permission.PATIENTS_IDENTITY_READ)
        if not queries.page_of(session, queries.people([Patient.id == row_id], [], None), 1, 0):
            raise NotFound(_("There is no such patient"))
        opened(session, actor, standing_for(session, row_id), Permission.PATIENTS_IDENTITY_READ)
        rows = queries.page_of(session, queries.people([Patient.id == row_id], [], None), 1, 0)
    elif kind in CLINICAL:
        _must(actor, Permission.PATIENTS_CARD_READ)
        row = session.get(CLINICAL[kind].model, row_id)
        if row is None:
            raise NotFound(_("There is no such record"))
        standing = standing_for(session, row.patient_id)
        opened(session, actor, standing, Permission.PATIENTS_CARD_READ)
        model = CLINICAL[kind].model
        where = [model.id == row_id, *_given(session, CLINICAL[kind])]
        statement = queries.facts(CLINICAL[kind], record_ids(session, standing), where, [])
        rows = queries.page_of(session, statement, 1, 0)
    else:
        asked = Asked(kind, [("_id", str(row_id))])
        rows = queries.page_of(session, _register(session, actor, asked)[0], 1, 0)
    if not rows:
        raise NotFound(_("There is no such record"))
    return draw(session, kind, rows[:1])[0]


def everything(
    session: Session, patient_id: int, wanted: Mapping[str, Sequence[p.Condition]] | None = None
) -> list[Resource]:
    """All resources about one person, whom the caller has opened: the person first, then places, staff and facts.

    ``wanted`` keeps only these kinds of facts, each under its conditions.
    """
    records = record_ids(session, patient_id)
    people = queries.page_of(session, queries.people([Patient.id.in_(records)], [], None), len(records), 0)
    # The record that stands comes first: whoever reads one entry reads the right one.
    people.sort(key=lambda found: (found[0].id != patient_id, found[0].id))
    facts: list[Resource] = []
    rows: list[Any] = []
    for name, kind in CLINICAL.items():
        if wanted is not None and name not in wanted:
            continue
        where = [*(wanted[name] if wanted is not None else []), *_given(session, kind)]
        found = queries.page_of(session, queries.facts(kind, records, where, []), 1_000_000, 0)
        rows += [row for row, _changed in found]
        facts += draw(session, name, found)
    return [*draw(session, "Patient", people), *_around_facts(session, rows), *facts]


def _around_facts(session: Session, rows: Sequence[Any]) -> list[Resource]:
    places = {row.organization_id for row in rows} | {
        other for row in rows if (other := getattr(row, "performer_organization_id", None))
    }
    people = {found for row in rows if (found := getattr(row, "practitioner_id", None))}
    found = _some(session, "Organization", queries.organizations([Organization.id.in_(places)]), places)
    return found + _practitioners(session, people)


def _practitioners(session: Session, ids: set[int]) -> list[Resource]:
    rows = session.query(Practitioner).where(Practitioner.id.in_(ids)).order_by(Practitioner.id).all() if ids else []
    return draw(session, "Practitioner", [(row, row.recorded_at) for row in rows])


def _some(session: Session, kind: str, statement: Statement, ids: set[int]) -> list[Resource]:
    return draw(session, kind, queries.page_of(session, statement, len(ids), 0)) if ids else []


def _included(session: Session, asked: Asked, rows: Sequence[Any]) -> list[Resource]:
    wanted = {include.partition(":")[2] for include in asked.includes}
    found: list[Resource] = []
    if wanted & {"patient", "subject"}:
        ids = {row.patient_id for row in rows}
        found += _some(session, "Patient", queries.people([Patient.id.in_(ids)], [], None), ids)
    if "encounter" in wanted:
        kind = CLINICAL["Encounter"]
        ids = {row.encounter_id for row in rows if row.encounter_id}
        records = [row.patient_id for row in rows]
        found += _some(
            session,
            "Encounter",
            queries.facts(kind, records, [kind.model.id.in_(ids), *_given(session, kind)], []),
            ids,
        )
    if "organization" in wanted:
        ids = {row.organization_id for row in rows}
        found += _some(session, "Organization", queries.organizations([Organization.id.in_(ids)]), ids)
    if "practitioner" in wanted:
        found += _practitioners(session, {row.practitioner_id for row in rows})
    return found


def draw(session: Session, kind: str, rows: Sequence[Changed]) -> list[Resource]:
    """Rows as resources of a kind."""
    loaded = [row for row, _changed in rows]
    words = Words.of(session, loaded)
    if kind == "Patient":
        around = queries.around(session, [row.id for row in loaded])
        attached = Words.of(session, list(around.attachments.values()))
        drawn = [registers.patient(row, attached, around) for row in loaded]
    elif kind in CLINICAL:
        drawn = [CLINICAL[kind].draw(row, words) for row in loaded]
    else:
        drawn = [_DRAWN[kind](row, words) for row in loaded]
    return [
        identified(resource, row.id, row.row_xid, changed) for resource, (row, changed) in zip(drawn, rows, strict=True)
    ]
