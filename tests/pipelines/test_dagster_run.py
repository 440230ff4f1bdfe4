"""The nightly job as Dagster runs it: the same hops, with lineage, checks and lock."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import psycopg
import pytest

from pipelines.lib.lock import is_busy
from pipelines.lib.publish import served_file
from tests.installation import Database
from tests.pipelines.conftest import places_of
from tests.pipelines.rows import write_district, write_observation


@pytest.mark.req("DWH-09")
@pytest.mark.timeout(900)
def test_nightly_run_shows_rows_checks_and_publication(
    tmp_path: Path, module_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines import resources
    from pipelines.definitions import defs
    from pipelines.defs.automation import hot

    people = write_district(module_database.libpq("owner"))
    site = places_of(tmp_path / "home", module_database)
    for module in (resources, hot):
        monkeypatch.setattr(module, "places", lambda: site)
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
        with psycopg.connect(module_database.libpq("owner")) as connection:
            write_observation(connection, people[0], "8480-6", 999, "mm[Hg]")
        batch = defs.resolve_job_def("micro_batch").execute_in_process(instance=instance)
        [judged] = [found for found in _evaluations(batch) if found.asset_key == dg.AssetKey(["lake", "observation"])]
        assert (judged.check_name, judged.passed) == ("raw_rows", False)
        assert judged.metadata["quarantined"].value == 1
    evaluations = result.get_asset_check_evaluations()
    assert all(evaluation.passed for evaluation in evaluations)
    assert {evaluation.check_name for evaluation in evaluations} > {"raw_rows"}
    assert served_file(site) is not None
    assert not is_busy(site.home)


def _evaluations(result: dg.ExecuteInProcessResult) -> list[dg.AssetCheckEvaluation]:
    """Checks that a job of one step reported."""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    return [event.asset_check_evaluation_data for event in result.all_events if event.event_type == kind]
