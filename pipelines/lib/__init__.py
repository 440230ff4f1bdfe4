"""The hops of the pipeline as plain functions; Dagster and the command line call the same ones."""
