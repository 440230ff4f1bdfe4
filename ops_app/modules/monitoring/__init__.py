"""Patients watched at home: their devices, limits, values, alerts and what was done about each."""
