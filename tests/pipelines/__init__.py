"""Tests of the pipeline, from the gate to the signals that flow back."""
