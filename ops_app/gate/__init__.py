"""The gate between identified care and the anonymous warehouse, kept by the database itself."""
