"""What the pages say: freshness, steps, cases, who is silent, three languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboards import served
from tests.dashboards.conftest import CHIEF, ENGINEER, OFFICIAL, Opener, listed, words
from tests.dashboards.served import ALPHA, BETA, REGION

PAGES = ("overview", "visits", "screening", "signals", "maternal", "indicators", "freshness")


@pytest.mark.req("DASH-08")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.usefixtures("home")
def test_each_page_says_as_of_when_and_how_long_ago(as_viewer: Opener, page: str, language: str) -> None:
    at = as_viewer(OFFICIAL, page, lang=language)
    said = at.caption[0].value if at.caption[0].value != "Name of official" else at.caption[1].value
    assert "20.11.2026 09:00" in said
    assert said.count("·") == 1


@pytest.mark.parametrize("page", PAGES)
def test_a_warehouse_without_rows_breaks_no_page(
    as_viewer: Opener, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAULYQ_HOME", str(tmp_path))
    served.publish(tmp_path, is_empty=True)
    at = as_viewer(OFFICIAL, page)
    assert at.title


@pytest.mark.parametrize("page", PAGES)
def test_before_the_first_build_each_page_says_how_one_appears(
    as_viewer: Opener, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAULYQ_HOME", str(tmp_path))
    assert "saulyq pipeline run" in words(as_viewer(OFFICIAL, page))


@pytest.mark.req("DASH-08")
@pytest.mark.usefixtures("home")
def test_a_facility_that_sent_nothing_is_named(as_viewer: Opener) -> None:
    at = as_viewer(OFFICIAL, "visits")
    assert any("Гамма пункті" in warning.value for warning in at.warning)
    assert not any("Альфа" in warning.value for warning in at.warning)
    assert not any("Гамма" in warning.value for warning in as_viewer(CHIEF, "visits").warning)


@pytest.mark.req("DWH-11", "SCR-08")
@pytest.mark.usefixtures("home")
def test_screening_shows_four_steps_by_place_age_and_target_group(as_viewer: Opener) -> None:
    for programme in ("breast", "cervix", "cvd_dm"):
        said = words(as_viewer(OFFICIAL, "screening", programme=programme))
        for step in ("Тексеруге жататындар", "Тізімде", "Жазылған", "Расталған"):
            assert step in said
        assert "Альфа емханасы" in said
        assert "40–44" in said
        assert "қайтыс болған" in said


@pytest.mark.req("MAT-10", "MAT-11")
@pytest.mark.parametrize(
    ("indicator", "signal"), [("pregnancies_registered", "MAT-10"), ("missed_antenatal_visits", "MAT-11")]
)
@pytest.mark.usefixtures("home")
def test_maternal_monitor_shows_region_period_and_the_list_of_cases(
    as_viewer: Opener, indicator: str, signal: str
) -> None:
    at = as_viewer(OFFICIAL, "maternal", indicator=indicator, period="2026-10", region=str(REGION))
    assert f"{signal} · " in words(at)
    assert "SIG-02" not in words(at)
    assert listed(at) == 2
    assert {box.value for box in at.selectbox if box.key == "choice.period"} == {"2026-10"}


@pytest.mark.usefixtures("home")
def test_signal_list_counts_what_it_lists_and_puts_the_late_first(as_viewer: Opener) -> None:
    for state, promised in (("open", 6), ("overdue", 3), ("closed", 3), ("all", 9)):
        at = as_viewer(OFFICIAL, "signals", state=state)
        assert listed(at) == promised
    said = words(as_viewer(OFFICIAL, "signals"))
    assert said.index("Альфа емханасы") < said.index("Бета амбулаториясы")
    assert "шығарылды 18.11.2026 · ұйым: Алыс аурухана" in said
    assert listed(as_viewer(OFFICIAL, "signals", organization=str(ALPHA))) == 3


@pytest.mark.usefixtures("home")
def test_small_numbers_carry_an_interval(as_viewer: Opener) -> None:
    assert "95 % аралық" in words(as_viewer(OFFICIAL, "visits", region=str(REGION), organization="20"))


@pytest.mark.usefixtures("home")
def test_engineer_sees_tables_and_checks(as_viewer: Opener) -> None:
    said = words(as_viewer(ENGINEER, "freshness"))
    assert "Қабылдау" in said
    assert "Тексерулер әлі жүргізілген жоқ" in said
    assert "Dagster" in said


@pytest.mark.usefixtures("home")
def test_language_of_the_account_and_of_the_address(as_viewer: Opener) -> None:
    assert as_viewer(OFFICIAL, "visits").title[0].value == "Қандай қабылдаулар болды, қайда және кімде?"
    assert as_viewer(OFFICIAL, "visits", lang="ru").title[0].value == "Какие посещения, где и у кого?"
    assert as_viewer(OFFICIAL, "visits", lang="xx").title[0].value.startswith("Қандай")


@pytest.mark.parametrize("page", ["visits", "signals"])
@pytest.mark.usefixtures("home")
def test_an_address_of_anothers_place_says_so_and_leads_back(as_viewer: Opener, page: str) -> None:
    for node in (str(BETA), "424242"):
        said = words(as_viewer(CHIEF, page, lang="en", organization=node))
        assert "names no organisation or site that is open to you" in said
        assert "Go to your own organisations" in said
        assert listed(as_viewer(CHIEF, page, organization=node)) == 0


@pytest.mark.usefixtures("home")
def test_a_month_without_data_is_named_beside_the_one_that_is_shown(as_viewer: Opener) -> None:
    said = words(as_viewer(OFFICIAL, "visits", lang="en", period="2001-01"))
    assert "There is no data for 01.2001; 11.2026 is shown." in said.replace("\\", "")


@pytest.mark.usefixtures("home")
def test_a_page_of_another_role_leads_to_ones_own(as_viewer: Opener) -> None:
    said = words(as_viewer(ENGINEER, "visits", lang="en"))
    assert "This page is not for your role." in said
    assert "Freshness and quality" in said
