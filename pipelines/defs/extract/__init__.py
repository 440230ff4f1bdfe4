"""Extraction: one asset for each view of the gate, all read in one snapshot."""

import dagster as dg

from pipelines.defs.extract.assets import landing

defs = dg.Definitions(assets=[landing])
