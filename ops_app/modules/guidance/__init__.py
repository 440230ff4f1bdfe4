"""Guidance at the point of care: protocols of diagnostics and treatment, conditions of services."""
