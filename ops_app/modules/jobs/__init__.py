"""Background jobs on an administrator's screen, and their housekeeping."""
