"""Tests of the mechanisms that modules share."""
