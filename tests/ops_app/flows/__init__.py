"""Each flow of the platform at a real browser, in the three languages."""
