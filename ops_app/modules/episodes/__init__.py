"""Episodes of care (pregnancy, dispensary) and the planned steps of care programmes."""
