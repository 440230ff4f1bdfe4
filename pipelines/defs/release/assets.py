"""The warehouse that dashboards and the command line read."""

import dagster as dg

from pipelines.defs.dbt.assets import dbt_models
from pipelines.lib import dbt, publish
from pipelines.lib.extract import last_as_of
from pipelines.resources import Pipeline

SERVED = dg.AssetKey(["warehouse", "served"])


@dg.asset(key=SERVED, deps=[dbt_models], group_name="release", kinds={"duckdb"})
def served_warehouse(pipeline: Pipeline) -> dg.MaterializeResult[None]:
    """Swap the pointer to the build that passed its tests."""
    site = pipeline.places
    as_of = last_as_of(site.lake)
    if as_of is None or not dbt.build_file(site).exists():
        raise dg.Failure("there is no build to publish; materialise the dbt models in the same run")
    path = publish.publish(site, as_of, dbt.project_version())
    return dg.MaterializeResult(
        metadata={
            "file": path.name,
            "bytes": path.stat().st_size,
            "as_of": dg.MetadataValue.timestamp(as_of),
        }
    )
