"""What may leave the house: small-cell suppression, an attacker who tests it, and a log of releases."""
