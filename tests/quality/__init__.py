"""Tests of the checks on raw data."""
