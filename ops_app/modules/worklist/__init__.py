"""Signals come back to the treating team; officials decide on cases without seeing the person."""
