"""Background jobs: queued in the transaction of the request, run by the worker, kept in the same database."""
