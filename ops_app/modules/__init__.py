"""Clinical and administrative modules, all of one shape."""
