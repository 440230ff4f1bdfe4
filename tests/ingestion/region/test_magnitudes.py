"""The synthetic district has the magnitudes its declared figures say, and every figure says where it is from."""

import csv
import datetime as dt
from collections.abc import Callable
from importlib.resources import files

import polars as pl
import pytest

from ingestion.bulk.region.calibration import content, figures
from tests.ingestion.region.simulated import ORIGIN, district

PEOPLE = 16_000


@pytest.fixture(scope="module")
def rows() -> dict[str, pl.DataFrame]:
    return district(PEOPLE, 2)


def last_year(frame: pl.DataFrame, column: str = "event_at") -> pl.DataFrame:
    return frame.filter(pl.col(column).cast(pl.Date) > ORIGIN - dt.timedelta(days=365))


def per_thousand(count: int) -> float:
    return count / PEOPLE * 1000


def classes(rows: dict[str, pl.DataFrame], *names: str) -> pl.DataFrame:
    return last_year(rows["encounter"]).filter(pl.col("encounter_class").is_in(names))


def diagnosed(rows: dict[str, pl.DataFrame], pattern: str) -> int:
    found = last_year(rows["condition"]).filter(pl.col("icd10").str.contains(pattern), pl.col("type") == "main")
    stays = rows["encounter"].filter(pl.col("encounter_class") == "inpatient")["id"]
    return found.filter(pl.col("encounter_id").is_in(stays.implode())).height


def on_register(rows: dict[str, pl.DataFrame], code: str) -> int:
    cards = rows["episode_of_care"].filter(pl.col("kind") == "dispensary", pl.col("status") == "active")
    return cards.filter(pl.col("icd10") == code)["patient_id"].n_unique()


# Name, what is counted, the declared figure the count belongs to, and how far from it chance may carry it.
COUNTS: list[tuple[str, Callable[[dict[str, pl.DataFrame]], float], str, float, float]] = [
    (
        "births",
        lambda r: per_thousand(last_year(r["patient"], "birth_date").height),
        "population.births_per_1000",
        0.8,
        1.2,
    ),
    ("deaths", lambda r: per_thousand(last_year(r["death"]).height), "population.deaths_per_1000", 0.75, 1.3),
    (
        "primary care visits",
        lambda r: classes(r, "ambulatory", "home", "virtual").height / PEOPLE,
        "visits.primary_care_per_person",
        0.88,
        1.12,
    ),
    (
        "ambulance cards",
        lambda r: per_thousand(classes(r, "emergency").filter(pl.col("purpose") == "ambulance_call").height),
        "hospital.ambulance_cards_per_1000",
        0.9,
        1.1,
    ),
    ("stays", lambda r: per_thousand(classes(r, "inpatient").height), "hospital.stays_per_1000", 0.85, 1.15),
    ("heart attacks", lambda r: per_thousand(diagnosed(r, r"^I2[124]|^I20\.0")), "vascular.acs_per_1000", 0.6, 1.5),
    ("strokes", lambda r: per_thousand(diagnosed(r, r"^I6[0-4]")), "vascular.stroke_per_1000", 0.6, 1.5),
    ("hypertension", lambda r: on_register(r, "I11.9") / PEOPLE, "register.hypertension", 0.85, 1.2),
    ("heart disease", lambda r: on_register(r, "I20.8") / PEOPLE, "register.ischaemic_heart_disease", 0.8, 1.25),
    ("diabetes", lambda r: on_register(r, "E11.9") / PEOPLE, "register.diabetes", 0.8, 1.25),
]


@pytest.mark.parametrize(("name", "count", "declared", "least", "most"), COUNTS, ids=[row[0] for row in COUNTS])
def test_magnitude_is_the_declared_one(
    rows: dict[str, pl.DataFrame],
    name: str,
    count: Callable[[dict[str, pl.DataFrame]], float],
    declared: str,
    least: float,
    most: float,
) -> None:
    expected = float(figures()[declared].value)
    assert least * expected <= count(rows) <= most * expected


def test_screening_falls_from_listed_to_recorded_to_confirmed(rows: dict[str, pl.DataFrame]) -> None:
    year = ORIGIN.year - 1
    listed = rows["care_plan_activity"].filter(pl.col("programme") == "breast", pl.col("plan_year") == year)
    services = rows["procedure"].filter(pl.col("programme") == "breast", pl.col("event_at").dt.year() == year)
    recorded = services["patient_id"].n_unique()
    confirmed = services.filter(pl.col("evidence") != "typed")["patient_id"].n_unique()
    assert 0.92 <= recorded / listed.height <= 0.99
    assert 0.82 <= confirmed / recorded <= 0.91


def test_discharges_of_other_facilities_arrive_later(rows: dict[str, pl.DataFrame]) -> None:
    stays = rows["encounter"].filter(pl.col("encounter_class") == "inpatient", pl.col("status") == "finished")
    lag = stays.with_columns(lag=pl.col("end_known_at") - pl.col("end_at"))
    outside, own = lag.filter(pl.col("source") == "registry"), lag.filter(pl.col("source") == "screen")
    assert own["lag"].max() == dt.timedelta(0)
    assert dt.timedelta(hours=10) < outside["lag"].median() < dt.timedelta(hours=40)  # type: ignore[operator]
    assert outside["lag"].max() > dt.timedelta(days=3)  # type: ignore[operator]


def test_what_begins_around_birth_ends_no_later_life(rows: dict[str, pl.DataFrame]) -> None:
    born = rows["patient"].select(patient_id="id", born="birth_date")
    deaths = rows["death"].join(born, on="patient_id").filter(pl.col("cause_icd10").str.starts_with("P"))
    assert (deaths["event_at"].cast(pl.Date) - deaths["born"] < dt.timedelta(days=367)).all()


def test_every_figure_says_where_it_is_from() -> None:
    for name, figure in figures().items():
        assert len(figure.source) > 3, name


@pytest.mark.parametrize(
    ("table", "column", "lists"),
    [
        ("condition", "icd10", ("icd10.csv",)),
        ("death", "cause_icd10", ("icd10.csv",)),
        ("episode_of_care", "icd10", ("icd10.csv",)),
        ("procedure", "code", ("services.csv",)),
        ("service_request", "code", ("services.csv",)),
        ("observation", "code", ("observations.csv",)),
        ("medication_request", "code", ("medicines.csv",)),
    ],
)
def test_codes_are_of_the_shipped_lists(
    rows: dict[str, pl.DataFrame], table: str, column: str, lists: tuple[str, ...]
) -> None:
    known: set[str] = set()
    for name in lists:
        text = files("ops_app").joinpath("content", "classifiers", name).read_text(encoding="utf-8")
        known |= {row["code"] for row in csv.DictReader(text.splitlines())}
    used = set(rows[table][column].drop_nulls().unique())
    assert used
    assert not used - known


def test_places_add_up() -> None:
    listed = content("organizations")
    shares = [listed["centre"]["share"], *(village["share"] for village in listed["villages"])]
    assert sum(shares) == pytest.approx(1)
