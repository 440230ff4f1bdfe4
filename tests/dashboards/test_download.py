"""What leaves a page is controlled and logged; lists of cases do not leave."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from dashboards import download
from dashboards.identity import Viewer
from tests.dashboards.conftest import CHIEF, ENGINEER, OFFICIAL, REGISTRAR, Opener
from tests.dashboards.served import PERIOD
from warehouse.release import Unsafe

pytestmark = pytest.mark.usefixtures("as_viewer")


def text_of(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def ledger(home: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (home / "releases" / "ledger.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("viewer", [ENGINEER, REGISTRAR], ids=lambda viewer: viewer.login)
def test_who_sees_no_figures_downloads_none(home: Path, viewer: Viewer) -> None:
    with pytest.raises(Unsafe):
        download.figures(viewer, "visit_structure", PERIOD)
    assert not (home / "releases").exists()


@pytest.mark.req("DWH-08")
def test_file_holds_the_viewers_organisations_only(home: Path) -> None:
    said = text_of(download.figures(CHIEF, "visit_structure", PERIOD)[1])
    assert "Альфа" in said
    assert "Бета" not in said


@pytest.mark.parametrize("code", ["visit_structure", "screening_breast_confirmed", "missed_antenatal_visits"])
def test_small_cells_are_hidden_and_the_release_is_logged(home: Path, code: str) -> None:
    _, content = download.figures(OFFICIAL, code, PERIOD)
    said = text_of(content)
    assert "encounter:" not in said
    assert "key-" not in said
    # Альфа without a site counts 3 people: too few to publish.
    assert "<t>*</t>" in said
    [entry] = ledger(home)
    assert entry["user"] == "official"
    assert entry["name"] == code


@pytest.mark.req("DWH-03")
def test_only_staff_of_the_aggregator_release_and_the_file_names_it(home: Path, as_viewer: Opener) -> None:
    stranger = replace(OFFICIAL, release_refused="not_aggregator", aggregator="РОЦ")
    at = as_viewer(stranger, "screening")
    at.button(key="prepare").click().run(timeout=120)
    assert at.error
    assert not at.get("download_button")
    assert not (home / "releases").exists()
    _, content = download.figures(replace(OFFICIAL, aggregator="РОЦ"), "visit_structure", PERIOD)
    assert "Aggregator: РОЦ" in text_of(content)
    assert ledger(home)[0]["parameters"]["aggregator"] == "РОЦ"  # type: ignore[index]


def test_button_prepares_logs_and_offers_the_file(home: Path, as_viewer: Opener) -> None:
    at = as_viewer(OFFICIAL, "screening")
    at.button(key="prepare").click().run(timeout=120)
    assert not at.exception
    assert not at.error
    assert len(at.get("download_button")) == 1
    assert [entry["user"] for entry in ledger(home)] == ["official"]


def test_a_list_of_cases_has_nothing_to_download(home: Path, as_viewer: Opener) -> None:
    at = as_viewer(OFFICIAL, "visits", rows="numerator")
    assert "prepare" not in {button.key for button in at.button}
    at = as_viewer(OFFICIAL, "signals")
    assert "prepare" not in {button.key for button in at.button}
