"""Every shipped definition loads, and comes to what its worked examples say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops_app.mechanisms.questionnaire.definition import NumberItem
from ops_app.mechanisms.questionnaire.loading import read, shipped
from ops_app.mechanisms.questionnaire.scoring import outcome
from ops_app.modules.visits.vitals import limits

FULL = [name for name, form in shipped().items() if form.compiled.definition.status == "full"]
SCALES = [name for name, form in shipped().items() if form.compiled.definition.kind == "scale"]


def test_all_scales_are_there() -> None:
    assert len(SCALES) == 84
    off = [name for name in SCALES if shipped()[name].compiled.definition.status != "full"]
    assert len(off) == 15
    assert all(shipped()[name].compiled.definition.why_off for name in off)


@pytest.mark.parametrize("name", FULL)
def test_worked_examples(name: str) -> None:
    compiled = shipped()[name].compiled
    definition = compiled.definition
    assert definition.examples or definition.kind == "form", "a full scale without a worked example"
    for example in definition.examples:
        person = {
            "patient_age_years": float(example.patient.age_years) if example.patient.age_years is not None else None,
            "patient_age_months": float(example.patient.age_months) if example.patient.age_months is not None else None,
            "patient_sex": example.patient.sex,
        }
        result = outcome(compiled, example.answers, person)
        assert result.score == example.score
        read = [band.label.en for band in result.bands]
        assert example.reads is None or example.reads in read
        assert {name: result.values[name] for name in example.calculated} == example.calculated
        assert [alert.label.en for alert in result.alerts] == example.alerts or not example.alerts
        schemes = [band.scheme for band in definition.bands]
        if definition.score is not None and definition.bands and result.score is not None:
            # One reading of each scheme, no score between two bands.
            assert len(read) == len({str(band.scheme and band.scheme.en) for band in result.bands}), schemes
            assert read or any(band.when for band in definition.bands)


def test_the_worked_example_of_the_how_to_page() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/how-to/add-a-form.md").read_text(encoding="utf-8")
    compiled = read(page.split("```yaml\n")[1].split("```")[0])
    assert len(compiled.definition.examples) == 2
    for example in compiled.definition.examples:
        result = outcome(compiled, example.answers, {})
        assert result.score == example.score
        assert [band.label.en for band in result.bands] == [example.reads]
        assert [alert.label.en for alert in result.alerts] == example.alerts


def test_limits_of_measurements_lie_inside_those_of_the_gate() -> None:
    for form in shipped().values():
        for item in form.compiled.definition.items:
            if not isinstance(item, NumberItem) or not item.observation:
                continue
            low, high = limits()[(item.observation, item.unit or "")]
            assert item.min is not None and item.min >= low, f"{form.compiled.definition.id}: {item.id}"
            assert item.max is not None and item.max <= high, f"{form.compiled.definition.id}: {item.id}"
