"""Promise 3: one project, the same rows on DuckDB and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dbt.conftest import Told
from tests.dbt.district import AS_OF
from tests.dbt.engine import Warehouse
from tests.installation import Database


@pytest.mark.req("DWH-10")
@pytest.mark.timeout(1800)
def test_every_model_is_equal_row_for_row(told: Told, module_database: Database, tmp_path: Path) -> None:
    postgres = Warehouse(tmp_path / "postgres", told.district.lake.root, module_database.libpq("owner"))
    postgres.load_raw()
    postgres.dbt(
        "build",
        "--resource-type",
        "seed",
        "--resource-type",
        "model",
        "--resource-type",
        "test",
        as_of=AS_OF.isoformat(),
    )
    schemas = ("marts", "indicators", "signals")
    models = told.warehouse.models(*schemas)
    assert postgres.models(*schemas) == models
    assert len(models) > 30
    different = [
        model
        for model in models
        if told.warehouse.columns(model) != postgres.columns(model)
        or told.warehouse.content(model) != postgres.content(model)
    ]
    assert different == []
