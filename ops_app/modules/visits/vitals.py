"""Measurements that a visit asks for: code, unit, plausible limits, how the unit is written."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ops_app.i18n import N_, _
from ops_app.kit.numbers import show_number

# A value outside these limits is a slip of the hand. They stand in one file for the screen and for
# the check of raw data at the gate.
LIMITS = Path(__file__).parents[3] / "quality" / "thresholds.csv"


@dataclass(frozen=True)
class Vital:
    """A field of the visit form that becomes an observation."""

    name: str
    title: str
    code: str
    unit: str | None
    digits: int = 0


VITALS = (
    Vital("systolic", N_("Systolic pressure"), "8480-6", "mm[Hg]"),
    Vital("diastolic", N_("Diastolic pressure"), "8462-4", "mm[Hg]"),
    Vital("pulse", N_("Pulse"), "8867-4", "/min"),
    Vital("temperature", N_("Temperature"), "8310-5", "Cel", 1),
    Vital("respiratory_rate", N_("Breaths a minute"), "9279-1", "/min"),
    Vital("saturation", N_("Oxygen saturation"), "59408-5", "%"),
    Vital("weight", N_("Weight"), "29463-7", "kg", 1),
    Vital("height", N_("Height"), "8302-2", "cm"),
    Vital("waist", N_("Waist"), "8280-0", "cm"),
    Vital("glucose", N_("Glucose in blood"), "15074-8", "mmol/L", 1),
    Vital("rankin", N_("Rankin scale, 0–6"), "75859-9", "{score}"),
)
BY_NAME = {vital.name: vital for vital in VITALS}
NO_MEDICINE = "X-NO-MEDICINE"
"""Our code for the reason why no medicine was prescribed."""
GESTATION_WEEKS = "18185-9"

_UNITS = {
    "mm[Hg]": N_("mm Hg"),
    "/min": N_("per minute"),
    "Cel": "°C",
    "%": "%",
    "kg": N_("kg"),
    "cm": N_("cm"),
    "g": N_("g"),
    "kg/m2": N_("kg/m²"),
    "mmol/L": N_("mmol/l"),
    "umol/L": N_("µmol/l"),
    "g/L": N_("g/l"),
    "mg/dL": N_("mg/dl"),
    "U/L": N_("U/l"),
    "[IU]/L": N_("IU/l"),
    "m[IU]/L": N_("mIU/l"),
    "10*12/L": N_("10¹²/l"),
    "10*9/L": N_("10⁹/l"),
    "/[HPF]": N_("in a field of view"),
    "fL": N_("fl"),
    "pg": N_("pg"),
    "mg/L": N_("mg/l"),
    "ng/mL": N_("ng/ml"),
    "pg/mL": N_("pg/ml"),
    "pmol/L": N_("pmol/l"),
    "ug/mL{FEU}": N_("µg/ml FEU"),
    "mm/h": N_("mm/h"),
    "s": N_("s"),
    "mL/min/{1.73_m2}": N_("ml/min/1.73 m²"),
    "[pH]": "",
    "{INR}": "",
    "{ratio}": "",
    "wk": N_("weeks"),
    "{score}": "",
}


def show_unit(unit: str | None) -> str:
    """A UCUM unit as people here write it; an unlisted one stays as it is."""
    if not unit:
        return ""
    shown = _UNITS.get(unit, unit)
    return _(shown) if shown else ""


@lru_cache(maxsize=1)
def limits() -> dict[tuple[str, str], tuple[float, float]]:
    """Plausible limits by code and unit."""
    with LIMITS.open(encoding="utf-8", newline="") as stream:
        return {(row["code"], row["unit"]): (float(row["low"]), float(row["high"])) for row in csv.DictReader(stream)}


def out_of_limits(vital: Vital, value: float) -> str | None:
    """What to say about a value that cannot be right; None when it can."""
    found = limits().get((vital.code, vital.unit or ""))
    if found is None or found[0] <= value <= found[1]:
        return None
    return _(
        "%(title)s must lie between %(low)s and %(high)s %(unit)s",
        title=_(vital.title),
        low=show_number(found[0]),
        high=show_number(found[1]),
        unit=show_unit(vital.unit),
    )
