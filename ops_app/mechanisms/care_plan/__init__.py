"""Care plans: declared programmes evaluated over the facts of one person. Facts in, plan out; no database."""
