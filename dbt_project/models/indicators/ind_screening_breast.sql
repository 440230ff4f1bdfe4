{{ screening_cases('breast') }}
