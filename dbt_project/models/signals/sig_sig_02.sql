{{ config(tags=['hot']) }}

with candidate as (
    {{ discharged_with('SIG-02') }}
),

{{ signal_cases('SIG-02') }}
