"""Messages to other systems: written with the fact, sent in order, exactly once by their key."""
