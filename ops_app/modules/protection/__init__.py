"""Whether the protection that the law demands is in place: checks, where data lie, who aggregates; the gate outward."""
