"""Signals on their way back to the treating teams."""

import dagster as dg

from pipelines.defs.egress.assets import inbox_signal

defs = dg.Definitions(assets=[inbox_signal])
