"""Domain-free nouns every module may use."""
