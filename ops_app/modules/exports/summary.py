"""The summary that people read: the passport part and facts by kind, as PDF in Kazakh or Russian."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.i18n import N_, _, speaking
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_moment
from ops_app.kit.day_range import within_days
from ops_app.kit.numbers import show_number
from ops_app.modules.exports.forms import ExportForm
from ops_app.modules.fhir.types import CLINICAL, ClinicalType
from ops_app.modules.fhir.words import Words
from ops_app.modules.patients import fact_text
from ops_app.modules.patients.fact_text import KIND_TITLES, Wording
from ops_app.modules.patients.header import full_name, header
from ops_app.modules.patients.queries import patient_or_404, record_ids
from ops_app.modules.person_facts.queries import Line, sections
from ops_app.modules.person_facts.registers import RELATIVES
from ops_app.modules.questionnaires.catalogue import compiled_of
from ops_app.ui.render import local_name

_TEMPLATE = Path(__file__).parent / "summary.typ"
TITLES = KIND_TITLES | {"questionnaire_response": N_("Forms and scales"), "relative": N_("Family")}


def period_conditions(kind: ClinicalType, form: ExportForm) -> list[Any]:
    """Facts of the days that were asked for, both included."""
    return within_days(kind.at, form.since, form.until)


def kinds_of(form: ExportForm) -> list[ClinicalType]:
    """The kinds of facts that were asked for."""
    return [kind for name, kind in CLINICAL.items() if form.kind in (None, name)]


def summary(session: Session, patient_id: int, form: ExportForm) -> bytes:
    """The PDF; rows entered in error are left out of what people read."""
    with speaking(form.language):
        document = _document(session, patient_id, form)
        return typst.compile(str(_TEMPLATE), sys_inputs={"data": json.dumps(document, ensure_ascii=False)})


def _document(session: Session, patient_id: int, form: ExportForm) -> dict[str, Any]:
    patient = patient_or_404(session, patient_id)
    records = record_ids(session, patient_id)
    head = header(session, patient, records, clinical=False)
    person = [
        (_("Name"), full_name(patient)),
        (_("IIN"), patient.iin or patient.temporary_id or ""),
        (_("Birth date"), show_date(patient.birth_date)),
        (_("Sex"), head.sex),
        (_("Phone"), patient.phone or "—"),
        (_("Address"), patient.address_line or "—"),
        (_("Attachment"), head.attachment or _("not attached")),
    ]
    if head.death_date:
        person.append((_("Death"), show_date(head.death_date)))
    if form.since or form.until:
        person.append((_("Period"), f"{show_date(form.since) or '…'} – {show_date(form.until) or '…'}"))
    return {
        "language": form.language,
        "title": _("Personal medical data"),
        "name": full_name(patient),
        "number": patient.iin or patient.temporary_id,
        "person": person,
        "sections": [
            *_person_sections(session, records, form),
            *(section for kind in kinds_of(form) if (section := _section(session, records, kind, form))),
        ],
        "footer": _("Made %(moment)s. The same data for programs: bundle.json.", moment=show_moment(clock.now())),
    }


def _person_sections(session: Session, records: Sequence[int], form: ExportForm) -> list[dict[str, Any]]:
    """Family, contacts, addresses and the like, former ones too; they belong to no period."""
    wanted = {None: None, "RelatedPerson": RELATIVES.name}
    if form.kind not in wanted:
        return []
    found = []
    for section in sections(session, records):
        lines = [_person_line(line) for line in (*section.current, *section.former)]
        if lines and wanted[form.kind] in (None, section.register.name):
            found.append({"title": _(section.register.title), "rows": lines})
    return found


def _person_line(line: Line) -> tuple[str, str, str]:
    words = [
        _(each.title) if each.kind == "check" else value for each, value in line.values if value and each.kind != "date"
    ]
    if line.relative is not None:
        words.insert(0, full_name(line.relative))
    until = f"– {show_date(line.row.end_date)}" if line.row.end_date else ""
    return f"{show_date(line.row.start_date)} {until}".strip(), " · ".join(words), line.source


def _section(session: Session, records: Sequence[int], kind: ClinicalType, form: ExportForm) -> dict[str, Any] | None:
    model = kind.model
    if model is RELATIVES.table:
        return None
    statement = select(model).where(
        model.patient_id.in_(records), model.entered_in_error_at.is_(None), *kind.only, *period_conditions(kind, form)
    )
    rows: Sequence[Any] = session.scalars(statement.order_by(kind.at, model.id)).all()
    if not rows:
        return None
    name = model.__tablename__
    words = Wording.of(session, [(name, row) for row in rows])
    moments = "start_at" if name == "appointment" else "event_at"
    filled = _forms(session, rows) if name == "questionnaire_response" else {}
    lines = [
        (
            show_date(getattr(row, moments)),
            filled.get(row.id) or _line(name, row, words),
            local_name(words.organization(row)),
        )
        for row in rows
    ]
    return {"title": _(TITLES[name]), "rows": lines}


def _forms(session: Session, rows: Sequence[Any]) -> dict[int, str]:
    """The title of each form, with its score where it has one."""
    found: dict[int, str] = {}
    for row_id, form in Words.of(session, rows).forms.items():
        title = str(compiled_of(form.version).definition.title)
        score = next(row.score for row in rows if row.id == row_id)
        found[row_id] = title if score is None else f"{title}: {show_number(score)}"
    return found


def _line(name: str, row: Any, words: Wording) -> str:
    place = words.organizations.get(getattr(row, "performer_organization_id", None) or 0)
    texts = {
        "encounter": lambda: " · ".join(filter(None, (fact_text.encounter(row), row.note))),
        "condition": lambda: fact_text.diagnosis(row, words),
        "observation": lambda: fact_text.observation(row, words),
        "procedure": lambda: fact_text.service(row, words),
        "service_request": lambda: fact_text.referral(row, words, local_name(place)),
        "medication_request": lambda: fact_text.prescription(row, words),
        "immunization": lambda: fact_text.immunization(row),
        "episode_of_care": lambda: fact_text.episode(row, words),
        "appointment": lambda: fact_text.appointment(row),
    }
    return texts[name]()
