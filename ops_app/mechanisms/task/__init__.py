"""What somebody has to do: an owner, a deadline, the evidence that closes it, and who is told when nobody does it."""
