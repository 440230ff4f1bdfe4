"""The start page: what waits for this person today, and what is new in the program."""
