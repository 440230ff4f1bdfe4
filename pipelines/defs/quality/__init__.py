"""The checks between landing and lake, as assets and asset checks."""

import dagster as dg

from pipelines.defs.quality.assets import admitted

defs = dg.Definitions(assets=[admitted])
