"""Messages to and from other systems: their journal, dead letters, reconciliation, and the way in."""
