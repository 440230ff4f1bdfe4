"""How facts read on the card: titles of codes, values with units, words for statuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from ops_app.i18n import N_, _
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_moment
from ops_app.kit.numbers import show_number
from ops_app.mechanisms.closed_topics.veil import is_masked
from ops_app.modules.appointments.forms import CANCEL_TITLES, STATUS_TITLES
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.deaths.forms import PLACE_TITLES
from ops_app.modules.devices.queries import senders
from ops_app.modules.episodes.forms import CLOSE_REASONS, OUTCOMES, RISK_LEVELS
from ops_app.modules.episodes.plan_texts import REASON_TITLES
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import places, practitioner_names
from ops_app.modules.patients.programmes import PROGRAMMES, step_title
from ops_app.modules.patients.source_names import source_name
from ops_app.modules.visits import forms
from ops_app.modules.visits.vitals import NO_MEDICINE, show_unit
from ops_app.ui.render import local_name

KIND_TITLES = {
    "encounter": N_("Visits and stays"),
    "hospitalisation": N_("Hospitalisations and refusals"),
    "ambulance": N_("Ambulance calls"),
    "condition": N_("Diagnoses"),
    "observation": N_("Measurements and tests"),
    "procedure": N_("Services"),
    "service_request": N_("Referrals"),
    "medication_request": N_("Prescriptions"),
    "immunization": N_("Vaccinations"),
    "study": N_("Images"),
    "recording": N_("ECG records"),
    "episode_of_care": N_("Register cards"),
    "observed": N_("Dynamic observation"),
    "care_plan_activity": N_("Planned steps"),
    "appointment": N_("Bookings"),
    "death": N_("Death"),
}
EVIDENCE_TITLES = {
    "measured": N_("device, laboratory or image"),
    "presence": N_("presence confirmed"),
    "typed": N_("typed, not confirmed"),
}
CLOSE_TITLES = (
    dict(CLOSE_REASONS)
    | {"outcome": N_("outcome"), "mistake": N_("by mistake")}
    | {code: title for code, title in REASON_TITLES.items() if code != "moved"}
)
_SYSTEMS = {
    "condition": ("icd10", "icd10"),
    "observation": ("observation", "code"),
    "procedure": ("service", "code"),
    "service_request": ("service", "code"),
    "medication_request": ("atc", "code"),
    "episode_of_care": ("icd10", "icd10"),
    "death": ("icd10", "cause_icd10"),
}


@dataclass(frozen=True)
class Wording:
    """Everything a page of facts needs looked up, in a few queries for all of them."""

    code_titles: dict[tuple[str, str], str]
    organizations: dict[int, Organization]
    practitioners: dict[int, str]
    devices: dict[str, str]
    """Names of devices by the sender their facts name."""
    masked: frozenset[str] = frozenset()
    """Codes of closed topics in rows that everybody sees, such as a death."""

    @classmethod
    def of(cls, session: Session, facts: Iterable[tuple[str, Any]]) -> Wording:
        """Look up what these facts mention."""
        listed = list(facts)
        codes = [
            (system, getattr(row, column))
            for kind, row in listed
            for system, column in [_SYSTEMS.get(kind, ("", "id"))]
        ]
        nodes: set[int] = set()
        for kind, row in listed:
            nodes.add(row.organization_id)
            if kind == "service_request" and row.performer_organization_id:
                nodes.add(row.performer_organization_id)
        return cls(
            titles(session, [pair for pair in codes if pair[0]]),
            places(session, nodes),
            practitioner_names(session, (row.practitioner_id for _kind, row in listed)),
            senders(session, {getattr(row, "source_system", None) for _kind, row in listed} - {None}),
            frozenset(
                row.cause_icd10 for kind, row in listed if kind == "death" and is_masked(session, row.cause_icd10)
            ),
        )

    def code(self, system: str, code: str | None) -> str:
        """A code with its title."""
        if not code:
            return ""
        if code in self.masked:
            return _("not shown to you")
        title = self.code_titles.get((system, code))
        return f"{code} {title}" if title else code

    def title(self, system: str, code: str) -> str:
        """The title alone, or the code where it has none."""
        return self.code_titles.get((system, code), code)

    def practitioner(self, row: Any) -> str:
        """Who did or recorded it."""
        return self.practitioners.get(row.practitioner_id, "")

    def organization(self, row: Any) -> Organization | None:
        """Where it happened."""
        return self.organizations.get(row.organization_id)


class Line(NamedTuple):
    """A row of a visit as it reads."""

    kind: str
    row: Any
    text: str


def lines(rows: Mapping[str, Sequence[Any]], words: Wording, at: dt.datetime | None) -> list[Line]:
    """What was written at a visit of this moment, kind by kind."""
    found = [Line("condition", row, diagnosis(row, words)) for row in rows.get("condition", ())]
    if measured := rows.get("observation"):
        found += [Line("observation", row, text) for row, text in observations_of(measured, words, at)]
    found += [Line("procedure", row, service(row, words)) for row in rows.get("procedure", ())]
    for row in rows.get("service_request", ()):
        found.append(Line("service_request", row, referral(row, words, performer(row, words))))
    found += [Line("medication_request", row, prescription(row, words)) for row in rows.get("medication_request", ())]
    found += [Line("immunization", row, immunization(row)) for row in rows.get("immunization", ())]
    return found


def performer(row: Any, words: Wording) -> str:
    """To whom a referral goes."""
    return local_name(words.organizations.get(row.performer_organization_id))


def meta(row: Any, words: Wording) -> str:
    """Where, by whom, from which source, how well it is proved, and when the facility learnt of it."""
    later = known_later(row)
    return _joined(
        local_name(words.organization(row)),
        words.practitioner(row),
        source(row, words),
        _(EVIDENCE_TITLES[row.evidence]),
        _("known here %(date)s", date=show_date(later)) if later else None,
    )


def origin(row: Any, words: Wording, at: dt.datetime | None) -> str:
    """The device a value came from, and its time where that is not the visit's."""
    device = words.devices.get(row.source_system or "") or (_("device") if row.source == "device" else "")
    moment = show_moment(row.event_at) if at is not None and row.event_at != at else ""
    return ", ".join(filter(None, (device, moment)))


def source(row: Any, words: Wording) -> str:
    """Where an item came from: entered here, a device, a state registry, a file or system loaded."""
    system = getattr(row, "source_system", None)
    name = words.devices.get(system or "") or source_name(system)
    kind = getattr(row, "source", "device")
    if kind == "screen":
        return _("entered here")
    if kind == "registry":
        return _("received from %(system)s", system=name or _("a state registry"))
    if kind == "import":
        return _("loaded from %(system)s", system=name or _("another system"))
    return _("received from %(system)s", system=name or _("device"))


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


_CHARACTERS = dict(forms.DIAGNOSIS_CHARACTERS)
_DIAGNOSIS_TYPES = dict(forms.DIAGNOSIS_TYPES)


def diagnosis(row: Any, words: Wording) -> str:
    """I10 Essential hypertension · main · final · chronic, known."""
    character = _CHARACTERS.get(row.character or "")
    code = words.code("icd10", row.icd10) or f"{row.original_code} ({row.original_system})"
    return _joined(
        code,
        _(_DIAGNOSIS_TYPES[row.type]),
        _(forms.DIAGNOSIS_KIND_TITLES[row.kind]),
        _(character) if character else None,
    )


def observation(row: Any, words: Wording) -> str:
    """Body temperature 36,9 °C."""
    title = words.title("observation", row.code)
    if row.value_number is not None:
        digits = None if float(row.value_number).is_integer() else 1
        return f"{title}: {show_number(row.value_number, digits)} {show_unit(row.unit)}".rstrip()
    if row.code == NO_MEDICINE and row.value_code:
        return f"{title}: {_(dict(forms.NO_MEDICINE_REASONS).get(row.value_code, row.value_code))}"
    return f"{title}: {row.value_text or row.value_code or ''}"


def observation_of(row: Any, words: Wording, at: dt.datetime | None) -> str:
    """The same with where it came from, and its time where that is not ``at``."""
    return _joined(observation(row, words), origin(row, words, at))


def observations_of(rows: Iterable[Any], words: Wording, at: dt.datetime | None) -> list[tuple[Any, str]]:
    """Measurements of a visit that was at this moment, with where each came from."""
    return [(row, _joined(text, origin(row, words, at))) for row, text in observations(rows, words)]


def observations(rows: Iterable[Any], words: Wording) -> list[tuple[Any, str]]:
    """Measurements of a visit, both pressures in one: 120/80."""
    listed = list(rows)
    by_code = {row.code: row for row in listed if row.entered_in_error_at is None}
    upper, lower = by_code.get("8480-6"), by_code.get("8462-4")
    shown: list[tuple[Any, str]] = []
    for row in listed:
        if upper is not None and lower is not None and (row is upper or row is lower):
            if row is upper:
                values = f"{show_number(upper.value_number, 0)}/{show_number(lower.value_number, 0)}"
                title = _("Blood pressure")
                shown.append((row, f"{title}: {values} {show_unit(upper.unit)}"))
            continue
        shown.append((row, observation(row, words)))
    return shown


def service(row: Any, words: Wording) -> str:
    """A service with its programme and result."""
    programme = PROGRAMMES.get(row.programme or "")
    return _joined(
        words.code("service", row.code),
        _(programme) if programme else None,
        _("result %(code)s", code=row.result_code) if row.result_code else None,
    )


def referral(row: Any, words: Wording, place: str) -> str:
    """A referral: what for, to whom, how soon."""
    return _joined(
        _(dict(forms.REFERRAL_CATEGORIES)[row.category]),
        words.code("service", row.code),
        place,
        _(dict(forms.PRIORITIES)[row.priority]) if row.priority != "routine" else None,
        row.note,
    )


def referral_state(row: Any) -> str:
    """Where a referral stands: the words of the link to it."""
    return _("Referral: %(state)s", state=_(forms.REFERRAL_STATES[row.status]))


def prescription(row: Any, words: Wording) -> str:
    """A medicine with its dosage and end."""
    return _joined(
        words.title("atc", row.code),
        row.dosage,
        _("until %(date)s", date=show_date(row.end_date)) if row.end_date else None,
        _("free of charge") if row.is_free else None,
    )


def encounter(row: Any) -> str:
    """At the clinic · disease."""
    return _joined(
        _(forms.CLASS_TITLES[row.encounter_class]).capitalize(),
        _(forms.PURPOSE_TITLES[row.purpose]),
        _(forms.DISPOSITION_TITLES[row.disposition]) if row.disposition else None,
    )


def episode(row: Any, words: Wording) -> str:
    """A register card: opened for what, ended how."""
    if row.kind == "pregnancy":
        what = _("Pregnancy card")
        detail = _("due %(date)s", date=show_date(row.due_date)) if row.due_date else None
        risk = _("risk: %(level)s", level=_(dict(RISK_LEVELS)[row.risk_level])) if row.risk_level else None
    else:
        what, detail, risk = _("D-register card"), words.code("icd10", row.icd10), None
    ended = None
    if row.status != "active":
        reason = _(dict(OUTCOMES)[row.outcome]) if row.outcome else _(CLOSE_TITLES.get(row.close_reason or "", ""))
        ended = _joined(_("closed %(date)s", date=show_date(row.end_at)), reason)
    return _joined(what, detail, risk, ended)


def planned_step(row: Any) -> str:
    """A planned step of a programme with its date."""
    cancelled = None
    if row.status == "cancelled":
        reason = _(CLOSE_TITLES.get(row.cancel_reason or "", "")) if row.cancel_reason else ""
        cancelled = _joined(_("cancelled"), reason)
    return _joined(
        _(PROGRAMMES[row.programme]),
        step_title(row.step, row.plan_year),
        show_date(row.planned_date),
        cancelled,
    )


def appointment(row: Any) -> str:
    """A booking with its state."""
    reason = _(CANCEL_TITLES.get(row.cancel_reason, row.cancel_reason)) if row.cancel_reason else None
    return _joined(_("Booking"), show_moment(row.start_at), _(STATUS_TITLES[row.status]), reason)


def death(row: Any, words: Wording) -> str:
    """Died at home of …; known later."""
    known = None
    if clock.local(row.known_at).date() != clock.local(row.event_at).date():
        known = _("known here %(date)s", date=show_date(row.known_at))
    return _joined(_("Died"), _(PLACE_TITLES[row.place]), words.code("icd10", row.cause_icd10), known)


def immunization(row: Any) -> str:
    """A vaccination with dose and state."""
    states = {"completed": None, "refused": _("refused"), "contraindicated": _("contraindicated")}
    dose = _("dose %(number)s", number=row.dose_number) if row.dose_number else None
    return _joined(_("Vaccination"), row.code, dose, states[row.status])


def known_later(row: Any) -> dt.date | None:
    """The day the facility learnt of a fact, when that was not the day it happened."""
    known, happened = clock.local(row.known_at).date(), clock.local(row.event_at).date()
    return known if known > happened else None
