"""The nightly job as Dagster runs it: the same hops, with lineage, checks and lock."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pipelines.lib.lock import is_busy
from pipelines.lib.publish import served_file
from tests.installation import Database
from tests.pipelines.conftest import places_of
from tests.pipelines.rows import write_district


@pytest.mark.req("DWH-09")
@pytest.mark.timeout(900)
def test_nightly_run_shows_rows_checks_and_publication(
    tmp_path: Path, module_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines import resources
    from pipelines.definitions import defs

    write_district(module_database.libpq("owner"))
    site = places_of(tmp_path / "home", module_database)
    monkeypatch.setattr(resources, "places", lambda: site)
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("nightly").execute_in_process(instance=instance)
        assert result.success
        patients = instance.get_latest_materialization_event(dg.AssetKey(["lake", "patient"]))
        assert patients is not None
        assert patients.asset_materialization is not None
        assert patients.asset_materialization.metadata["admitted"].value == 20
        for key in (
            ["landing", "observation"],
            ["marts", "dim_patient"],
            ["signals", "signal_case"],
            ["inbox", "signal"],
        ):
            assert instance.get_latest_materialization_event(dg.AssetKey(key)) is not None, key
    evaluations = result.get_asset_check_evaluations()
    assert all(evaluation.passed for evaluation in evaluations)
    assert {evaluation.check_name for evaluation in evaluations} > {"raw_rows"}
    assert served_file(site) is not None
    assert not is_busy(site.home)
