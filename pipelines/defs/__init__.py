"""One folder a kind of definition; each exposes `defs`."""
