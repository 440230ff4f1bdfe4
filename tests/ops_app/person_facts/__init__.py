"""Dated facts of a person."""
