"""Tests of the reference content that a bare clone carries."""
