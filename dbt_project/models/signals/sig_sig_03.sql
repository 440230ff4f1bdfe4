{{ config(tags=['hot']) }}

with candidate as (
    {{ discharged_with('SIG-03') }}
),

{{ signal_cases('SIG-03') }}
