"""Declared fields of dated rows: one form and one list draw whatever a module declares."""
