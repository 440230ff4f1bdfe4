"""Tests of the ASTM gateway."""
