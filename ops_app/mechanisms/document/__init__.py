"""Documents: declared in `ops_app/content/documents`, set by typst, packed with their signatures."""
