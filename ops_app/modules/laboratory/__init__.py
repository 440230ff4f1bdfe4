"""The laboratory: orders, specimens, results from the tube to the requester, blood groups."""
