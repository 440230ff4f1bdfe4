"""What Dagster shows: pinned names, and a sensor that asks only when there is something to carry."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from pipelines.defs.extract.tables import TABLES
from pipelines.lib.extract import extract
from pipelines.lib.lock import pipeline_lock
from pipelines.lib.places import Places
from quality.suites import suites
from tests.installation import Database, Installation


@pytest.fixture(scope="module")
def definitions(installation: Installation) -> dg.Definitions:
    """Everything as the code server loads it; parses the project into the test's own home."""
    from pipelines.definitions import defs

    return defs


def keys(definitions: dg.Definitions) -> set[str]:
    """All asset keys."""
    return {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}


@pytest.mark.req("DWH-09")
class TestNames:
    def test_assets(self, definitions: dg.Definitions) -> None:
        found = keys(definitions)
        assert {f"landing/{table}" for table in TABLES} <= found
        assert {f"lake/{table}" for table in (*TABLES, "quality_result", "unit")} <= found
        assert {"warehouse/served", "inbox/signal", "marts/dim_patient", "signals/signal_case"} <= found
        folders = {key.split("/")[0] for key in found}
        assert folders == {"landing", "lake", "staging", "marts", "indicators", "signals", "warehouse", "inbox"}

    def test_lineage_goes_from_the_gate_to_the_inbox(self, definitions: dg.Definitions) -> None:
        graph = definitions.resolve_asset_graph()
        above = graph.get_ancestor_asset_keys(dg.AssetKey(["inbox", "signal"]))
        assert {
            ("landing", "encounter"),
            ("lake", "encounter"),
            ("signals", "signal_case"),
            ("warehouse", "served"),
        } <= {tuple(key.path) for key in above}

    def test_jobs_schedules_sensors(self, definitions: dg.Definitions) -> None:
        jobs = {job.name for job in definitions.resolve_all_job_defs() if not job.name.startswith("__")}
        assert jobs == {"nightly", "micro_batch", "retention"}
        assert {schedule.name for schedule in definitions.schedules or ()} == {"nightly", "weekly_full", "retention"}
        [sensor] = definitions.sensors or ()
        assert (sensor.name, sensor.minimum_interval_seconds) == ("micro_batch_sensor", 15)  # type: ignore[union-attr]

    def test_every_suite_is_a_check(self, definitions: dg.Definitions) -> None:
        checks = definitions.resolve_asset_graph().asset_check_keys
        assert {key.asset_key.path[-1] for key in checks if key.name == "raw_rows"} == set(suites())
        assert len(checks) > len(suites())


class TestSensor:
    @pytest.fixture
    def sensor(self, site: Places, monkeypatch: pytest.MonkeyPatch) -> dg.SensorDefinition:
        from pipelines.defs.automation import hot

        monkeypatch.setattr(hot, "places", lambda: site)
        return hot.micro_batch_sensor

    def ask(self, sensor: dg.SensorDefinition, instance: dg.DagsterInstance | None = None) -> object:
        """One look of the sensor."""
        return sensor(dg.build_sensor_context(instance=instance or dg.DagsterInstance.ephemeral()))

    def test_asks_for_new_transactions_only(
        self, sensor: dg.SensorDefinition, site: Places, database: Database, patients: list[int]
    ) -> None:
        assert isinstance(self.ask(sensor), dg.RunRequest)
        extract(site)
        skipped = self.ask(sensor)
        assert isinstance(skipped, dg.SkipReason)
        assert skipped.skip_message == "no new transactions"
        with psycopg.connect(database.libpq("owner")) as connection:
            connection.execute("update visits.condition set icd10 = 'I11' where patient_id = %s", [patients[0]])
        assert isinstance(self.ask(sensor), dg.RunRequest)

    def test_time_alone_makes_cases_overdue(
        self, sensor: dg.SensorDefinition, site: Places, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from pipelines.defs.automation import hot

        extract(site)
        monkeypatch.setattr(hot, "last_as_of", lambda lake: dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16))
        assert isinstance(self.ask(sensor), dg.RunRequest)

    def test_waits_for_a_run_under_way(self, sensor: dg.SensorDefinition, site: Places) -> None:
        with pipeline_lock(site.home):
            assert isinstance(self.ask(sensor), dg.SkipReason)

    def test_one_at_a_time(self, sensor: dg.SensorDefinition) -> None:
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_run(
                dg.DagsterRun(
                    "micro_batch", run_id=dg._core.utils.make_new_run_id(), status=dg.DagsterRunStatus.STARTED
                )
            )
            assert isinstance(self.ask(sensor, instance), dg.SkipReason)

    def test_a_database_that_is_down_is_no_failure(
        self, sensor: dg.SensorDefinition, site: Places, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from pipelines.defs.automation import hot

        away = Places(site.home, "postgresql://nobody:x@127.0.0.1:1/none", site.egress_url, site.warehouse_url)
        monkeypatch.setattr(hot, "places", lambda: away)
        assert isinstance(self.ask(sensor), dg.SkipReason)


class TestRetention:
    def test_finished_runs_go_after_their_days_with_their_events(self, tmp_path: Path) -> None:
        from pipelines.defs.automation.retention import MICRO_BATCH_DAYS, RUN_DAYS, forget

        now = dt.datetime.now(dt.UTC)
        with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
            runs = {}
            for job, status in (
                ("micro_batch", dg.DagsterRunStatus.SUCCESS),
                ("nightly", dg.DagsterRunStatus.FAILURE),
                ("weekly_full", dg.DagsterRunStatus.STARTED),
            ):
                runs[job] = instance.add_run(
                    dg.DagsterRun(job, run_id=dg._core.utils.make_new_run_id(), status=status)
                ).run_id
                instance.report_engine_event("begun", instance.get_run_by_id(runs[job]))
            assert forget(instance, now) == 0
            assert forget(instance, now + dt.timedelta(days=MICRO_BATCH_DAYS, hours=1)) == 1
            assert set(instance.get_run_ids()) == {runs["nightly"], runs["weekly_full"]}
            assert instance.all_logs(runs["micro_batch"]) == []
            assert forget(instance, now + dt.timedelta(days=RUN_DAYS, hours=1)) == 1
            # whatever still runs keeps its events
            assert instance.get_run_ids() == [runs["weekly_full"]]
            assert instance.all_logs(runs["weekly_full"])

    def test_files_of_deleted_runs_are_swept(self, tmp_path: Path) -> None:
        from pipelines.defs.automation.retention import YOUNG_SECONDS, sweep

        with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
            kept, gone, young = (dg._core.utils.make_new_run_id() for _ in range(3))
            instance.add_run(dg.DagsterRun("micro_batch", run_id=kept))
            for run_id in (kept, gone, young):
                events = tmp_path / "history" / "runs" / f"{run_id}.db"
                events.parent.mkdir(parents=True, exist_ok=True)
                events.write_bytes(b"")
                output = tmp_path / "storage" / run_id
                output.mkdir(parents=True)
                if run_id != young:
                    for path in (events, output):
                        os.utime(path, (time.time() - 2 * YOUNG_SECONDS,) * 2)
            assert sweep(instance) == 2
        assert {path.name for path in (tmp_path / "storage").iterdir()} >= {kept, young}
        assert not (tmp_path / "storage" / gone).exists()
