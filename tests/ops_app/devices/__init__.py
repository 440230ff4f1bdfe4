"""Tests of the register of devices."""
