"""Dagster's pages inside a guard: nobody sees them before a sign-in with the operational app's accounts."""
