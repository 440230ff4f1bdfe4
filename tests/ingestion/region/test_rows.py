"""Rows before they are written: what is known when."""

import numpy as np
import polars as pl

from ingestion.bulk.region.days import NULL, moment
from ingestion.bulk.region.rows import ID_STRIDE, Coded, Rows, as_of, became_known

MONDAY = 20_000


def stay(rows: Rows, wrong: int = NULL) -> int:
    ids = rows.add(
        "encounter",
        1,
        patient_id=7,
        organization_id=1,
        event_at=moment(np.array([MONDAY])),
        end_at=moment(np.array([MONDAY + 5])),
        end_known_at=moment(np.array([MONDAY + 7])),
        late=moment(np.array([MONDAY + 7])),
        disposition=Coded(np.array([0]), ("home",)),
        encounter_class="inpatient",
        entered_in_error_at=wrong,
    )
    return int(ids[0])


def test_a_stay_is_open_until_its_discharge_is_known() -> None:
    rows = Rows(0)
    stay(rows)
    frame = rows.take()["encounter"]
    seen = as_of("encounter", frame, int(moment(MONDAY + 6)))
    assert seen["status"].item() == "in_progress"
    assert seen["end_at"].item() is None
    later = as_of("encounter", frame, int(moment(MONDAY + 7)))
    assert later["status"].item() == "finished"
    assert later["disposition"].item() == "home"


def test_a_mistake_shows_only_once_it_was_found() -> None:
    rows = Rows(0)
    stay(rows, int(moment(MONDAY + 20)))
    frame = rows.take()["encounter"]
    assert as_of("encounter", frame, int(moment(MONDAY + 19)))["entered_in_error_at"].item() is None
    assert as_of("encounter", frame, int(moment(MONDAY + 20)))["entered_in_error_at"].item() is not None


def test_only_what_is_new_or_changed_is_added_later() -> None:
    rows = Rows(0)
    first = stay(rows)
    frame = rows.take()["encounter"]
    new, changed = became_known("encounter", frame, int(moment(MONDAY + 6)), int(moment(MONDAY + 8)))
    assert new.is_empty()
    assert changed["id"].to_list() == [first]
    new, changed = became_known("encounter", frame, int(moment(MONDAY + 8)), int(moment(MONDAY + 30)))
    assert new.is_empty()
    assert changed.is_empty()


def test_districts_own_their_numbers() -> None:
    rows = Rows(2)
    assert stay(rows) == 2 * ID_STRIDE + 1


def test_what_is_known_already_is_numbered_but_not_kept() -> None:
    rows = Rows(0, since=int(moment(MONDAY + 8)))
    stay(rows)
    assert rows.reserve("encounter", 1).item() == 2
    assert rows.take() == {}


def test_missing_columns_are_empty() -> None:
    rows = Rows(0)
    for code in ("8480-6", None):
        rows.add("observation", 1, patient_id=1, organization_id=1, event_at=np.array([5]), code="x", value_code=code)
    frame = rows.take()["observation"]
    assert frame["value_code"].to_list() == ["8480-6", None]
    assert frame["practitioner_id"].is_null().all() if "practitioner_id" in frame.columns else True
    assert frame.schema["event_at"] == pl.Datetime("us")
