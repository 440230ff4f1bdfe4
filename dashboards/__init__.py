"""Dashboards over the served warehouse, for whoever may see them and only as far as they may."""
