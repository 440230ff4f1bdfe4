{{ screening_cases('cervix') }}
