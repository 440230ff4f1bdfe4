"""Dated facts of a person outside care: family, contacts, addresses, documents, work, study, statuses, insurance."""
