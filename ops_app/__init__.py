"""The operational application: staff record care once, with full audit."""
