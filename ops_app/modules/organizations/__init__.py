"""The tree of organisations and sites, and the people who work in it."""
