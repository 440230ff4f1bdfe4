"""Ways to reach a system; a declaration names one of them."""
