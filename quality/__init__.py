"""Checks on raw data at the gate: what fails is rejected with its reasons or flagged, and counted."""
