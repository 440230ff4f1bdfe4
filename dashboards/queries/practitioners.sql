select practitioner_code, position from marts.dim_practitioner
