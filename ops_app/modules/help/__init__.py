"""How to do the main jobs of each role, in the language of the reader."""
