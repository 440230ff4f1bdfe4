"""Documents: formed from what is recorded, numbered, signed, checked by anybody who holds the paper."""
