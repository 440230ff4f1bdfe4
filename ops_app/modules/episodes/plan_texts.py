"""Why somebody stands on a list and what takes him off, worded from the declaration and the facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from ops_app.i18n import N_, _, ngettext
from ops_app.kit.dates import show_date
from ops_app.mechanisms.care_plan.declaration import Ages, Group, Removal
from ops_app.mechanisms.care_plan.evaluate import Activity
from ops_app.mechanisms.facts import Match
from ops_app.modules.episodes.forms import CLOSE_REASONS
from ops_app.modules.patients.programmes import PROGRAMMES

Titles = Mapping[tuple[str, str], str]

EXCLUSION_REASONS = (
    ("refused", N_("refuses")),
    ("illness", N_("ill now")),
    ("pregnancy", N_("pregnant")),
    ("away", N_("away for a time")),
    ("contraindicated", N_("medically contraindicated")),
    ("done_elsewhere", N_("done elsewhere")),
)
REASON_TITLES = dict(EXCLUSION_REASONS) | {
    "died": N_("died"),
    "moved": N_("attached elsewhere"),
    "on_register": N_("on the D-register for this disease"),
    "done_before": N_("done within the interval"),
    "pregnancy_card": N_("pregnant"),
    "not_in_group": N_("no longer in the group"),
}
_PURPOSES = {"pregnancy": N_("a visit for the pregnancy"), "dispensary": N_("a visit for dispensary observation")}


def codes_of(activity: Activity) -> list[tuple[str, str]]:
    """Codes whose titles the texts of a step need."""
    services = [code for match in activity.version.closed_by if match.fact == "service" for code in match.codes]
    return [("service", code) for code in services]


def why(activity: Activity, born: dt.date) -> list[str]:
    """Each reason for which the person is on the list, as a sentence."""
    lines = {"yearly": _why_yearly, "weeks": _why_weeks, "recurring": _why_recurring}[activity.definition.schedule]
    found = lines(activity, born)
    if activity.definition.card is None and any(rule.without == "attachment" for rule in activity.version.removed_by):
        found.append(_("Attached to this organisation."))
    return found


def _why_yearly(activity: Activity, born: dt.date) -> list[str]:
    group = activity.entered or activity.version.enters[0]
    age = activity.group - born.year
    if group.ages is not None and age in group.ages:
        taken = {
            "female": _("Women of %(ages)s are examined; %(age)s is reached in %(year)s."),
            "male": _("Men of %(ages)s are examined; %(age)s is reached in %(year)s."),
            None: _("People of %(ages)s are examined; %(age)s is reached in %(year)s."),
        }[group.sex]
        first = taken % {"ages": _ages(group.ages), "age": age, "year": activity.group}
    else:
        first = _("Left over from the list of %(year)s.", year=activity.group - 1)
    return [first, _last_done(activity, group)]


def _last_done(activity: Activity, group: Group) -> str:
    if activity.last_done is None:
        return _("No earlier examination is recorded.")
    last = _("Last done on %(date)s.", date=show_date(activity.last_done))
    return f"{last} {_every(group)}".strip()


def _every(group: Group) -> str:
    if group.interval_years:
        return ngettext("Due every %(num)d year.", "Due every %(num)d years.", group.interval_years)
    if group.interval_months:
        return ngettext("Due every %(num)d month.", "Due every %(num)d months.", group.interval_months)
    return ""


def _why_weeks(activity: Activity, born: dt.date) -> list[str]:
    step = next(step for step in activity.version.steps if step.step == activity.step)
    return [
        _("A pregnancy card is open."),
        _(
            "The visit belongs to weeks %(first)s–%(last)s: %(start)s – %(end)s.",
            first=step.from_week,
            last=step.to_week,
            start=show_date(activity.opens),
            end=show_date(activity.closes),
        ),
    ]


def _why_recurring(activity: Activity, born: dt.date) -> list[str]:
    group = activity.entered or activity.version.enters[0]
    if activity.definition.card is not None:
        found = [_("A D-register card is open."), _every(group)]
        if activity.last_done:
            found.append(_("Last visit: %(date)s.", date=show_date(activity.last_done)))
        return found
    name = str(group.title) if group.title else ""
    return [_("Group: %(name)s. %(every)s", name=name, every=_every(group)), _last_done(activity, Group())]


def _ages(ages: Ages) -> str:
    if ages.step == 1:
        return f"{ages.first}–{ages.last}"
    return f"{ages.first}, {ages.first + ages.step}, … {ages.last}"


def off(activity: Activity, titles: Titles) -> list[str]:
    """Everything that takes the person off the list."""
    closing = [_evidence(match, titles) for match in activity.version.closed_by]
    return [*closing, *(_removal(rule) for rule in activity.version.removed_by)]


def _evidence(match: Match, titles: Titles) -> str:
    if match.fact == "service":
        return ", ".join(f"{code} {titles.get(('service', code), '')}".strip() for code in match.codes)
    purpose = ", ".join(_(_PURPOSES[code]) for code in match.codes)
    if match.tags:
        return _("%(visit)s with the diagnosis %(codes)s", visit=purpose, codes=", ".join(match.tags))
    return purpose


def _removal(rule: Removal) -> str:
    if rule.without == "attachment":
        return _("attachment to another organisation")
    if rule.fact == "dispensary_card":
        return _("a D-register card: %(codes)s", codes=", ".join(rule.codes))
    return _("a pregnancy card, until it is closed") if rule.fact == "pregnancy_card" else _("death")


def programme_title(programme: str) -> str:
    """What a programme is called beside a step."""
    return _(PROGRAMMES[programme])


def reason(code: str | None) -> str:
    """Why a step was cancelled."""
    titles = dict(CLOSE_REASONS) | {"outcome": N_("outcome")} | REASON_TITLES
    return _(titles[code]) if code in titles else code or ""


def by_person(code: str | None) -> bool:
    """Whether a person gave this reason and may take it back."""
    return code in dict(EXCLUSION_REASONS)
