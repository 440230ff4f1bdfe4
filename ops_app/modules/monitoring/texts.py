"""What parts, entries, alerts and measures are called."""

from __future__ import annotations

from ops_app.i18n import N_, _
from ops_app.kit.numbers import show_number
from ops_app.modules.monitoring.indicators import indicators
from ops_app.modules.monitoring.limits import Limits
from ops_app.modules.monitoring.models import Alert, Value

PARTS = {
    "treating": N_("treating doctor"),
    "observing": N_("observing nurse"),
    "on_duty": N_("on duty"),
}
ENTRIES = {
    "device": N_("sent by the device"),
    "staff": N_("typed by staff"),
    "patient": N_("told by the patient"),
}
WHO_MEASURED = {
    "patient": N_("the patient, at home"),
    "staff": N_("staff"),
}
LEVELS = {"normal": N_("within limits"), "limit": N_("out of limits"), "critical": N_("critical")}
KINDS = {"normal": "green", "limit": "amber", "critical": "red"}
MEASURES = {
    "remote_consultation": N_("remote consultation"),
    "in_person_consultation": N_("consultation in person"),
    "referral": N_("referral to a specialist or for tests"),
    "hospitalisation": N_("hospitalisation, day or 24-hour"),
    "ambulance": N_("ambulance"),
    "urgent_care": N_("urgent care"),
}
CLOSED_BECAUSE = {
    "measure": N_("what was done is recorded"),
    "returned": N_("the values came back"),
    "ended": N_("the patient is not watched any more"),
}


def number(value: Value) -> str:
    """A value with its unit."""
    indicator = indicators().get(value.code)
    return indicator.value(value.number) if indicator else show_number(value.number)


def title(code: str) -> str:
    """What an indicator is called."""
    indicator = indicators().get(code)
    return indicator.shown if indicator else code


def worst(alert: Alert) -> str:
    """The worst value of an alert and the limit it lies beyond."""
    indicator = indicators()[alert.worst_code]
    shown = f"{indicator.shown}: {indicator.value(alert.worst_number)}"
    if alert.worst_limit is None:
        return shown
    return f"{shown}, " + _("limit %(limit)s", limit=indicator.value(alert.worst_limit))


def limits(code: str, found: Limits) -> str:
    """Limits on one line: normal, then critical."""
    digits = indicators()[code].digits

    def between(low: float | None, high: float | None) -> str:
        if low is not None and high is not None:
            return f"{show_number(low, digits)}–{show_number(high, digits)}"
        if low is not None:
            return _("from %(low)s", low=show_number(low, digits))
        return _("up to %(high)s", high=show_number(high, digits)) if high is not None else ""

    gain = indicators()[code].gain
    parts = [between(found.low, found.high)]
    below, above = found.critical_low, found.critical_high
    if below is not None:
        parts.append(_("critical below %(low)s", low=show_number(below, digits)))
    if above is not None:
        parts.append(_("critical above %(high)s", high=show_number(above, digits)))
    if gain is not None:
        amount = indicators()[code].value(gain.amount)
        parts.append(_("a gain of %(amount)s in %(days)s days", amount=amount, days=gain.days))
    return ", ".join(filter(None, parts))
