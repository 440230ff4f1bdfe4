"""Protocols of studies: forms in `ops_app/content/radiology_reports`, and which one fits which study."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.loading import CONTENT, DefinitionError, read

FOLDER = CONTENT / "radiology_reports"
CHEST = ("CHEST", "THORAX", "LUNG")
PLAIN_FILMS = ("DX", "CR", "RF", "XA", "RG")
BY_MODALITY = {"MG": "mammography", "CT": "sectional", "MR": "sectional", "US": "ultrasound", "ECG": "ecg"}


@lru_cache(maxsize=1)
def templates() -> dict[str, Compiled]:
    """Every protocol by its id; a wrong one stops the start."""
    found: dict[str, Compiled] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        try:
            form = read(file.read_text(encoding="utf-8"))
        except DefinitionError as error:
            raise RuntimeError(f"{file.name}: {error}") from error
        if form.definition.id != file.stem:
            raise RuntimeError(f"{file.name} calls itself {form.definition.id}")
        found[file.stem] = form
    return found


def template_for(modalities: Collection[str], body_part: str | None) -> str:
    """The protocol offered first for a study."""
    for modality in modalities:
        if modality in BY_MODALITY:
            return BY_MODALITY[modality]
    if any(modality in PLAIN_FILMS for modality in modalities):
        return "chest" if (body_part or "").upper() in CHEST else "bones"
    return "general"
