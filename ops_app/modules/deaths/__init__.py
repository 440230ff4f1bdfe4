"""Deaths, from any source."""
