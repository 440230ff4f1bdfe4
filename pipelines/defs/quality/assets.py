"""What landed is judged; what passes is let into the lake."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.extract.tables import TABLES, lake_key, landing_key
from pipelines.lib.forget import forget_destroyed
from pipelines.resources import Pipeline
from quality.results import TABLE as RESULTS
from quality.results import Result
from quality.run import UNITS_TABLE, check
from quality.suites import suites

CHECK = "raw_rows"


class QualityConfig(dg.Config):
    """How deep to look."""

    thorough: bool = True
    """By Great Expectations, and again whatever only the fast scan has seen."""


@dg.multi_asset(
    name="quality",
    specs=[
        *(
            dg.AssetSpec(
                lake_key(table),
                deps=[landing_key(table)],
                group_name="quality",
                kinds={"parquet"},
                description=f"Row versions of {table} that passed the checks.",
            )
            for table in TABLES
        ),
        *(
            dg.AssetSpec(lake_key(table), deps=[lake_key(t) for t in TABLES], group_name="quality", kinds={"parquet"})
            for table in (RESULTS, UNITS_TABLE)
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(CHECK, asset=lake_key(dataset), description=f"The suite raw_{dataset}.")
        for dataset in sorted(suites())
    ],
)
def admitted(
    context: dg.AssetExecutionContext, config: QualityConfig, pipeline: Pipeline
) -> Iterator[dg.MaterializeResult[None]]:
    """Judge, admit, quarantine, count; then let destroyed people go."""
    lake = pipeline.places.lake
    report = check(lake, thorough=config.thorough)
    forgotten = forget_destroyed(lake)
    if forgotten:
        context.log.info(f"{forgotten} destroyed people left the lake")
    manifests = lake.manifests()
    for table in (*TABLES, RESULTS, UNITS_TABLE):
        results = [result for result in report.results if result.dataset == table]
        yield dg.MaterializeResult(
            asset_key=lake_key(table),
            metadata={
                "dagster/row_count": manifests[table].rows if table in manifests else 0,
                "admitted": report.admitted.get(table, 0),
                "quarantined": report.quarantined.get(table, 0),
            },
            check_results=[_check_result(table, results)] if table in suites() else [],
        )


def _check_result(table: str, results: list[Result]) -> dg.AssetCheckResult:
    failed = [result for result in results if result.status == "failed"]
    rejecting = any(result.severity == "reject" for result in failed)
    return dg.AssetCheckResult(
        check_name=CHECK,
        asset_key=lake_key(table),
        passed=not failed,
        # failed rows are set aside already: people must look, but nothing has to wait
        severity=dg.AssetCheckSeverity.ERROR if rejecting else dg.AssetCheckSeverity.WARN,
        metadata={result.check_name: f"{result.failed} / {result.total}" for result in results if result.failed},
    )
