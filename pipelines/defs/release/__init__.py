"""Publication of a tested build."""

import dagster as dg

from pipelines.defs.release.assets import served_warehouse

defs = dg.Definitions(assets=[served_warehouse])
