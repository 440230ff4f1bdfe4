"""Forms and scales filled in for a patient, users' own templates, and the definitions behind them."""
