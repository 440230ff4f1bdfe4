"""Tasks of people: what waits for them, what waits in their organisation, and what becomes of each."""
