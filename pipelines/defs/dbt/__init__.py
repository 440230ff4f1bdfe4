"""The dbt project as assets, its tests as asset checks."""

import dagster as dg

from pipelines.defs.dbt.assets import dbt_models

defs = dg.Definitions(assets=[dbt_models])
