"""The audit journal: who read and who changed what, kept by the database for good."""
