"""What the visit form shows beside its fields: last values, known diagnoses, medicines, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_time
from ops_app.kit.form_fields import Form
from ops_app.kit.numbers import show_number
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.episodes.plans import gestation
from ops_app.modules.episodes.queries import open_pregnancy
from ops_app.modules.organizations.queries import organizations
from ops_app.modules.patients.card import Person
from ops_app.modules.patients.programmes import PROGRAMMES, step_title
from ops_app.modules.visits import forms, queries
from ops_app.modules.visits.posted_rows import row_numbers
from ops_app.modules.visits.vitals import VITALS, show_unit
from ops_app.permissions import Permission

FIRST_VISIT_SERVICE = "L03.001.000"
REPEATED_VISIT_SERVICE = "L03.002.000"
_CODE_FIELDS = {
    "diagnoses": ("icd10", "icd10"),
    "services": ("service", "code"),
    "referrals": ("service", "code"),
    "prescriptions": ("atc", "code"),
}


def starting_values(session: Session, actor: Actor, records: Sequence[int], asked: dict[str, str]) -> dict[str, Any]:
    """What is known before anything is typed."""
    now = clock.now()
    known: dict[str, Any] = {"date": show_date(now), "time": show_time(now), "encounter_class": "ambulatory"}
    known["purpose"] = "disease" if actor.may(Permission.VISITS_RECORD_WRITE) else "patronage"
    known |= {name: asked[name] for name in ("encounter_class", "purpose") if name in asked}
    if known["purpose"] == "pregnancy" and (pregnancy := open_pregnancy(session, records)) is not None:
        registered_today = clock.local(pregnancy.event_at).date() == clock.today()
        known["services-0-code"] = FIRST_VISIT_SERVICE if registered_today else REPEATED_VISIT_SERVICE
        if actor.may(Permission.VISITS_RECORD_WRITE):
            risky = pregnancy.risk_level == "high"
            known["diagnoses-0-icd10"] = "Z35.9" if risky else "Z34.9"
    return known


def last_values(session: Session, records: Sequence[int]) -> dict[str, str]:
    """The newest value beside each field, with its day."""
    newest = queries.last_values(session, records, [vital.code for vital in VITALS])
    shown: dict[str, str] = {}
    for vital in VITALS:
        row = newest.get(vital.code)
        if row is not None and row.unit == vital.unit:
            shown[vital.name] = f"{show_number(row.value_number, vital.digits)} · {show_date(row.event_at)}"
    return shown


def choices() -> dict[str, Any]:
    """Lists of the form in the language of the request."""
    return {
        "classes": forms.CLASSES,
        "purposes": forms.PURPOSES,
        "dispositions": forms.DISPOSITIONS,
        "payers": forms.PAYERS,
        "diagnosis_kinds": forms.DIAGNOSIS_KINDS,
        "diagnosis_types": forms.DIAGNOSIS_TYPES,
        "diagnosis_characters": forms.DIAGNOSIS_CHARACTERS,
        "referral_categories": forms.REFERRAL_CATEGORIES,
        "priorities": forms.PRIORITIES,
        "no_medicine_reasons": forms.NO_MEDICINE_REASONS,
    }


def context(session: Session, actor: Actor, form: Form[Any], who: Person) -> dict[str, Any]:
    """Everything the visit form needs besides the header."""
    today = clock.today()
    records = who.records
    pregnancy = open_pregnancy(session, records)
    known_codes = queries.known_diagnoses(session, records)
    medicines = queries.current_medicines(session, records, today)
    wanted = [("icd10", code) for code in known_codes] + [("atc", row.code) for row in medicines]
    rows = {group: row_numbers(form, group, 1) for group in _CODE_FIELDS}
    for group, (system, column) in _CODE_FIELDS.items():
        wanted += [(system, form.text(f"{group}-{number}-{column}")) for number in rows[group]]
    gestation_text = None
    if pregnancy is not None and pregnancy.lmp_date is not None:
        weeks, days = gestation(pregnancy.lmp_date, today)
        gestation_text = _("%(weeks)s weeks %(days)s days", weeks=weeks, days=days)
    return {
        "form": form,
        "vitals": VITALS,
        "show_unit": show_unit,
        "last": last_values(session, records),
        "rows": rows,
        "code_titles": titles(session, wanted),
        "known_codes": known_codes,
        "medicines": medicines,
        "steps": who.waiting,
        "step_title": step_title,
        "programme_titles": {name: _(title) for name, title in PROGRAMMES.items()},
        "pregnancy": pregnancy,
        "gestation_text": gestation_text,
        "is_doctor": actor.may(Permission.VISITS_RECORD_WRITE),
        "organizations": organizations(session, external=True),
        **choices(),
    }
