"""Bulk input: outside data sets and the synthetic region, written by COPY."""
