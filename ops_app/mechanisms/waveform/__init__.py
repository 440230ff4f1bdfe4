"""Recordings of bodies: signals over time, read from WFDB records, cut into windows for a screen."""
