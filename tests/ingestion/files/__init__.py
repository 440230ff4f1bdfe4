"""Tests of analysers that leave files."""
