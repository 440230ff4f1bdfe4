"""The figures the region is calibrated on, read from ``ops_app/content/region``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from ingestion.bulk.region.draws import Floats


@cache
def content(name: str) -> dict[str, Any]:
    """One YAML file of the region's content."""
    text = files("ops_app").joinpath("content", "region", f"{name}.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


@dataclass(frozen=True)
class Figure:
    """A calibration constant and where it comes from."""

    value: Any
    source: str


@cache
def figures() -> dict[str, Figure]:
    """All constants by ``group.name``."""
    return {
        f"{group}.{name}": Figure(entry["value"], entry["source"])
        for group, entries in content("calibration").items()
        for name, entry in entries.items()
    }


def figure(name: str) -> Any:
    """The value of one constant."""
    return figures()[name].value


@dataclass(frozen=True)
class Morbidity:
    """Diagnoses with their weight in each age band of each sex, and what goes with them."""

    codes: tuple[str, ...]
    weights: Floats
    """By sex (0 male, 1 female), season (0 summer, 1 winter), age band, diagnosis; cumulated to 1."""
    medicines: tuple[tuple[str, ...], ...]
    chronic: tuple[str, ...]
    departments: tuple[str, ...]

    def draw(self, rng: np.random.Generator, sex: np.ndarray, years: np.ndarray, winter: np.ndarray) -> np.ndarray:
        """A diagnosis for each person."""
        bands = np.searchsorted(AGE_BANDS, years, side="right") - 1
        bounds = self.weights[sex.astype(np.int64), winter.astype(np.int64), bands]
        return (bounds < rng.random(len(sex))[:, None]).sum(axis=1).clip(0, len(self.codes) - 1)


AGE_BANDS = np.array(content("morbidity")["bands"])


@cache
def morbidity(kind: str) -> Morbidity:
    """The diagnoses of visits, stays, ambulance calls, preventive visits or deaths."""
    entries = content("morbidity")[kind]
    weights = np.zeros((2, 2, len(AGE_BANDS), len(entries)))
    for position, entry in enumerate(entries):
        for sex, name in enumerate(("male", "female")):
            if entry.get("sex", name) == name:
                weights[sex, 0, :, position] = entry["weights"]
                weights[sex, 1, :, position] = np.array(entry["weights"]) * entry["winter"]
    weights = np.cumsum(weights, axis=-1)
    return Morbidity(
        codes=tuple(entry["icd10"] for entry in entries),
        weights=weights / weights[..., -1:],
        medicines=tuple(tuple(entry.get("atc", ())) for entry in entries),
        chronic=tuple(entry.get("character", "acute") for entry in entries),
        departments=tuple(entry.get("department", "") for entry in entries),
    )
