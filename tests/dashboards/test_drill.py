"""Every figure is a count of rows that can be opened."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dashboards import counts, data, place
from dashboards.identity import Viewer
from dashboards.place import Place, Tree
from dashboards.texts import Texts
from tests.dashboards.conftest import CHIEF, DOCTOR, OFFICIAL, Opener, listed, words
from tests.dashboards.served import ALPHA, BETA_SITE, CODES, PERIOD, REGION
from warehouse.query import current_file

pytestmark = pytest.mark.usefixtures("home", "as_viewer")


def rows_of(viewer: Viewer, code: str, where: Place, rows: str) -> int:
    found = data.ask(viewer, "cases", code=code, period=PERIOD, rows=rows, size=10_000, start=0, **where.filters)
    return found.height


@pytest.fixture(params=["from the cases", "from the counts"])
def answers(request: pytest.FixtureRequest, home: Path, as_viewer: Opener, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where figures come from: a page that is opened early must say the same as a later one."""
    if request.param == "from the cases":
        monkeypatch.setattr(counts, "ready", lambda _file: None)
    else:
        wait_for_counts()
    return str(request.param)


def wait_for_counts() -> None:
    assert counts.of_file(str(current_file())).result(timeout=60) is not None


@pytest.mark.req("DASH-01", "DASH-02")
@pytest.mark.parametrize("viewer", [OFFICIAL, CHIEF, DOCTOR], ids=lambda viewer: viewer.login)
@pytest.mark.parametrize("code", CODES)
@pytest.mark.usefixtures("answers")
def test_each_cell_opens_as_many_rows_as_it_says(viewer: Viewer, code: str) -> None:
    texts = Texts("kk")
    tree = Tree(viewer, texts)
    cells = 0

    def check(where: Place, numerator: int, denominator: int) -> None:
        nonlocal cells
        cells += 1
        assert rows_of(viewer, code, where, "numerator") == numerator
        assert rows_of(viewer, code, where, "denominator") == denominator
        assert rows_of(viewer, code, where, "rest") == denominator - numerator
        units = place.units(viewer, tree, texts, where, code, PERIOD)
        for unit in units:
            check(unit.place, unit.numerator, unit.denominator)
        if units:
            assert sum(unit.denominator for unit in units) == denominator

    start = tree.start()
    [now] = [
        row
        for row in data.ask(viewer, "trend", code=code, **start.filters).iter_rows(named=True)
        if row["period"] == PERIOD
    ]
    check(start, now["numerator"], now["denominator"])
    assert rows_of(viewer, code, start, "excluded") == now["excluded"]
    assert cells > (1 if viewer is DOCTOR else 3)


@pytest.mark.parametrize("viewer", [OFFICIAL, CHIEF, DOCTOR], ids=lambda viewer: viewer.login)
def test_counted_figures_are_those_of_the_cases(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Tree(viewer, Texts("kk")).start()

    def asked() -> list[list[tuple[object, ...]]]:
        months = [data.ask(viewer, "visits_by_organization", period=PERIOD).rows()]
        figures = [data.ask(viewer, "overview", **place.nodes).rows()]
        trends = [data.ask(viewer, query, code=code, **more).rows() for code in CODES
                  for query, more in (("trend", place.filters), ("periods", {}))]  # fmt: skip
        return [sorted(rows) for rows in [*months, *figures, *trends]]

    with monkeypatch.context() as early:
        early.setattr(counts, "ready", lambda _file: None)
        from_cases = asked()
    wait_for_counts()
    assert asked() == from_cases
    assert all(from_cases)


@pytest.mark.req("DASH-02")
@pytest.mark.parametrize("rows", ["numerator", "rest", "denominator", "excluded"])
def test_chief_opens_the_rows_of_each_figure_on_the_page(as_viewer: Opener, rows: str) -> None:
    at = as_viewer(CHIEF, "visits")
    [link] = [link for link in at.get("page_link") if f"rows={rows}" in link.proto.query_string]
    promised = int(re.search(r"\((\d+)\\?\)", link.proto.label)[1])  # type: ignore[index]
    opened = as_viewer(CHIEF, "visits", region=str(REGION), organization=str(ALPHA), period=PERIOD, rows=rows)
    pages = -(-promised // 50)
    counted = listed(opened)
    for page in range(2, pages + 1):
        counted += listed(
            as_viewer(
                CHIEF, "visits", region=str(REGION), organization=str(ALPHA), period=PERIOD, rows=rows, page=str(page)
            )
        )
    assert counted == promised > 0


def test_opening_rows_is_logged_with_who_and_what(as_viewer: Opener, home: Path) -> None:
    as_viewer(CHIEF, "visits", region=str(REGION), organization=str(ALPHA), period=PERIOD, rows="numerator")
    entries = [json.loads(line) for line in (home / "dashboards" / "case_reading.jsonl").read_text().splitlines()]
    assert entries[-1]["login"] == "chief"
    assert entries[-1]["list"] == "visit_structure"
    assert entries[-1]["where"]["organization"] == str(ALPHA)


def test_rows_carry_a_watermark_and_no_patient_key(as_viewer: Opener) -> None:
    at = as_viewer(OFFICIAL, "visits", rows="numerator")
    assert "Name of official" in words(at)
    assert not re.search(r"\bkey-\d", words(at))


def test_each_level_is_an_address_that_can_be_sent(as_viewer: Opener) -> None:
    at = as_viewer(OFFICIAL, "visits")
    [link] = [link for link in at.get("page_link") if "Альфа" in link.proto.label]
    assert f"organization={ALPHA}" in link.proto.query_string
    at = as_viewer(OFFICIAL, "visits", **dict(pair.split("=") for pair in link.proto.query_string.split("&")))
    assert "Альфа учаскесі" in words(at)


def test_cases_without_a_site_are_a_unit_of_their_own() -> None:
    texts = Texts("kk")
    tree = Tree(OFFICIAL, texts)
    units = place.units(OFFICIAL, tree, texts, Place(REGION, ALPHA), "visit_structure", PERIOD)
    assert {unit.place.site for unit in units} == {0, 11}


def test_the_doctor_starts_at_the_own_site() -> None:
    assert Tree(DOCTOR, Texts("kk")).start().site == BETA_SITE


@pytest.mark.parametrize("address", ["x", "-1", "9" * 30, "²"])
def test_a_wrong_address_shows_nothing_and_breaks_nothing(as_viewer: Opener, address: str) -> None:
    as_viewer(OFFICIAL, "visits", region=address, organization=address, site=address, page=address, rows=address)
