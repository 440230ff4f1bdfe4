{{ config(tags=['hot']) }}

with candidate as (
    {{ discharged_with('SIG-04') }}
    union all
    {{ discharged_with('SIG-04', ref('int_unadmitted_diagnosis')) }}
),

{{ signal_cases('SIG-04') }}
