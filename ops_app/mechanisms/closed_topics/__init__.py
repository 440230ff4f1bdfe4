"""Closed topics: what they are by declaration, and the conditions that keep their rows from a reader."""
