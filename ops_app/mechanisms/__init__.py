"""Domain-free programs that modules declare things for."""
