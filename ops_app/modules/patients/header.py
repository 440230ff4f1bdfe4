"""The patient header: who it is, who looks after him, what must not be overlooked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from ops_app.i18n import _, ngettext
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.episodes.models import CarePlanActivity
from ops_app.modules.episodes.plans import gestation
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import places
from ops_app.modules.patients import queries
from ops_app.modules.patients.forms import SEX_TITLES
from ops_app.modules.patients.models import Attachment, Patient, ServingSite
from ops_app.modules.patients.programmes import PROGRAMMES, step_title
from ops_app.modules.person_facts.choices import INSURANCE_SOURCES
from ops_app.modules.person_facts.queries import insurance_on
from ops_app.ui.render import local_name

SOURCES = dict(INSURANCE_SOURCES)

AFTER_BIRTH_DAYS = 42

Marker = tuple[str, str, str]
"""Text, colour of its meaning, why it is there."""


@dataclass(frozen=True)
class Header:
    """What the header shows."""

    id: int
    name: str
    birth_date: dt.date
    sex: str
    iin: str | None
    temporary_id: str | None
    attachment: str | None
    serving: str | None
    death_date: dt.date | None
    is_live: bool
    in_error: bool
    allergies: str | None = None
    markers: list[Marker] = field(default_factory=list)
    due_count: int = 0


def full_name(patient: Patient) -> str:
    """Family name, given name, patronymic."""
    return " ".join(filter(None, (patient.family_name, patient.given_name, patient.patronymic)))


def header(
    session: Session, patient: Patient, records: list[int], waiting: Sequence[CarePlanActivity] = (), *, clinical: bool
) -> Header:
    """The header of a person; markers and late steps only for those who may read the card."""
    attachment = queries.current_attachment(session, records)
    serving = queries.current_serving_site(session, records)
    death = queries.live_death(session, records)
    steps = waiting if death is None else []
    named = _places(session, attachment, serving)
    return Header(
        id=patient.id,
        name=full_name(patient),
        birth_date=patient.birth_date,
        sex=_(SEX_TITLES[patient.sex]),
        iin=patient.iin,
        temporary_id=patient.temporary_id,
        attachment=_name(attachment, named),
        serving=_name(serving, named),
        death_date=clock.local(death.event_at).date() if death else None,
        is_live=patient.is_live,
        in_error=patient.entered_in_error_at is not None,
        markers=[*_insurance(session, records), *(_markers(session, records, steps) if clinical else [])]
        if death is None
        else [],
        due_count=sum(1 for step in steps if _is_late(step.planned_date)),
    )


def _places(session: Session, *held: Attachment | ServingSite | None) -> dict[int, Organization]:
    nodes = (node for each in held if each is not None for node in (each.organization_id, each.site_id))
    return places(session, nodes)


def _name(held: Attachment | ServingSite | None, named: dict[int, Organization]) -> str | None:
    if held is None:
        return None
    return ", ".join(local_name(named[node]) for node in (held.organization_id, held.site_id) if node in named)


def _is_late(planned_date: dt.date | None) -> bool:
    return planned_date is not None and planned_date < clock.today()


def _insurance(session: Session, records: list[int]) -> list[Marker]:
    """Only what the desk must act on: the person is not insured."""
    found = insurance_on(session, records, clock.today())
    if found is None or found.state != "uninsured":
        return []
    why = _("Since %(date)s, by %(source)s", date=show_date(found.start_date), source=_(SOURCES[found.source]))
    return [(_("not insured"), "amber", why)]


def _markers(session: Session, records: list[int], steps: Sequence[CarePlanActivity]) -> list[Marker]:
    today = clock.today()
    markers: list[Marker] = []
    since = clock.now() - dt.timedelta(days=AFTER_BIRTH_DAYS)
    cards = queries.open_or_born(session, records, since)
    for card in cards:
        if card.status != "active":
            continue
        if card.kind == "pregnancy" and card.lmp_date is not None:
            weeks, days = gestation(card.lmp_date, today)
            text = _("pregnant, %(weeks)s w %(days)s d", weeks=weeks, days=days)
            why = _("Pregnancy card opened %(date)s", date=show_date(card.event_at))
            if card.due_date:
                why += " · " + _("due %(date)s", date=show_date(card.due_date))
            markers.append((text, "red" if card.risk_level == "high" else "amber", why))
            if card.risk_level == "high":
                markers.append((_("high risk"), "red", _("Risk level on the pregnancy card")))
        elif card.kind == "dispensary":
            opened = _("D-register card opened %(date)s", date=show_date(card.event_at))
            markers.append((_("D-register: %(code)s", code=card.icd10 or ""), "grey", opened))
    births = [card.outcome_at for card in cards if card.outcome in queries.BIRTHS and card.outcome_at is not None]
    if births and max(births) > since:
        days = (today - clock.local(max(births)).date()).days
        text = ngettext("gave birth %(num)d day ago", "gave birth %(num)d days ago", days)
        markers.append((text, "amber", _("Risk lasts 42 days after birth")))
    late = [step for step in steps if _is_late(step.planned_date)]
    if late:
        names = ", ".join(
            f"{_(PROGRAMMES[step.programme])}: {step_title(step.step, step.plan_year)} ({show_date(step.planned_date)})"
            for step in late
        )
        markers.append((ngettext("%(num)d step overdue", "%(num)d steps overdue", len(late)), "amber", names))
    return markers
