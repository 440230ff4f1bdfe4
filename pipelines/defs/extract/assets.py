"""New row versions of every view, from one snapshot."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.extract.tables import TABLES, landing_key
from pipelines.lib.extract import extract
from pipelines.resources import Pipeline


@dg.multi_asset(
    name="extract",
    specs=[
        dg.AssetSpec(
            landing_key(table),
            group_name="extract",
            kinds={"postgres", "parquet"},
            description=f"New row versions of the view anon.{table}.",
        )
        for table in TABLES
    ],
)
def landing(context: dg.AssetExecutionContext, pipeline: Pipeline) -> Iterator[dg.MaterializeResult[None]]:
    """Take what no earlier run has taken."""
    extraction = extract(pipeline.places)
    for table, reason in extraction.anew.items():
        context.log.warning(f"{table}: everything is extracted again, {reason}")
    for table in sorted(set(extraction.rows) - set(TABLES)):
        context.log.warning(f"{table}: extracted, but not listed in pipelines/defs/extract/tables.py")
    for table in TABLES:
        yield dg.MaterializeResult(
            asset_key=landing_key(table),
            metadata={
                "dagster/row_count": extraction.rows.get(table, 0),
                "as_of": dg.MetadataValue.timestamp(extraction.as_of),
                "anew": extraction.anew.get(table, ""),
            },
        )
