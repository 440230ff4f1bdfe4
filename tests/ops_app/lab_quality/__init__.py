"""Tests of quality control."""
