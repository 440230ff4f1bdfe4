"""Domain-free programs that many modules share; their declarations live in `ops_app/content`."""
