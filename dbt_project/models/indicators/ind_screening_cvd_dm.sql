{{ screening_cases('cvd_dm') }}
