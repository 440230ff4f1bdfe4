"""The views of schema `anon`, which the lake mirrors; a test holds the list to `anon.contents`."""

import dagster as dg

TABLES = (
    "appointment",
    "attachment",
    "care_plan_activity",
    "concept",
    "condition",
    "death",
    "encounter",
    "episode_of_care",
    "immunization",
    "location",
    "medication_request",
    "observation",
    "organization",
    "patient",
    "patient_link",
    "practitioner",
    "practitioner_role",
    "procedure",
    "service_request",
    "serving_site",
    "signal_decision",
    "tombstone",
)


def landing_key(table: str) -> dg.AssetKey:
    """Rows as they came through the gate."""
    return dg.AssetKey(["landing", table])


def lake_key(table: str) -> dg.AssetKey:
    """Rows that passed the checks; dbt knows the same key as its source."""
    return dg.AssetKey(["lake", table])
