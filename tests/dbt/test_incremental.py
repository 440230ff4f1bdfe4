"""Promise 2: whatever the order of changes, building on is the same as building anew."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from pipelines.lib.dbt import what_changes
from tests.dbt.conftest import Told
from tests.dbt.district import LOADED
from tests.dbt.engine import Warehouse
from tests.dbt.stream import Stream, another

MODELS = ("--resource-type", "seed", "--resource-type", "model")
# what a table has seen of a person may come from a link that went with a destroyed partner
BOOKKEEPING = ("person_version_at", "version_at")
SCHEMAS = ("staging", "marts", "indicators", "signals")


@pytest.mark.req("DWH-10")
@pytest.mark.timeout(1800)
def test_incremental_build_equals_a_full_one(told: Told, tmp_path: Path, full_size: bool) -> None:
    shutil.copytree(told.district.lake.root, tmp_path / "lake")
    continued = Warehouse(tmp_path / "continued", tmp_path / "lake")
    continued.home.mkdir()
    shutil.copy(told.warehouse.file, continued.file)
    district = another(told.district, tmp_path / "lake")
    steps, changes = (6, 250) if full_size else (1, 90)
    as_of = LOADED
    for step in range(1, steps + 1):
        as_of = LOADED + dt.timedelta(hours=7 * step)
        stream = Stream(district, step, as_of)
        stream.run(changes)
        before = files(tmp_path / "lake")
        district.lake.extract(as_of)
        news = {path.parent.name for path in files(tmp_path / "lake") - before}
        # as the pipeline builds on: only what follows from the tables with news and from the clock
        continued.dbt("run", "--select", *what_changes(news, None), as_of=as_of.isoformat())
    assert news < {path.parent.name for path in files(tmp_path / "lake")}
    anew = Warehouse(tmp_path / "anew", tmp_path / "lake")
    anew.dbt("build", *MODELS, as_of=as_of.isoformat())
    different = [
        model
        for model in anew.models(*SCHEMAS)
        if continued.content(model, BOOKKEEPING) != anew.content(model, BOOKKEEPING)
    ]
    assert different == []
    assert continued.models(*SCHEMAS) == anew.models(*SCHEMAS)
    # the changes were not for nothing
    for model in ("indicators.indicator_case", "signals.signal_case", "marts.fct_encounter", "marts.dim_patient"):
        assert anew.content(model) != told.warehouse.content(model)


def files(lake: Path) -> set[Path]:
    """Every file of a lake."""
    return set(lake.glob("*/*.parquet"))
