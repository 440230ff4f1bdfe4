{{ config(materialized='table', schema='signals', tags=['hot']) }}
select
    'SIG-00:encounter:' || id as case_id, 'SIG-00' as signal_code, '1' as rule_version, patient_key,
    cast(null as bigint) as region_id, organization_id, cast(null as bigint) as site_id,
    'encounter:' || id as event_key, event_at, known_at, known_at as detected_at, 'call' as next_step,
    known_at as due_at, 'red' as severity, 'open' as state, cast(null as timestamp with time zone) as closed_at,
    cast(null as varchar) as closed_by, '[]' as evidence,
    cast('{{ env_var("SAULYQ_AS_OF", "2000-01-01 00:00:00+00") }}' as timestamp with time zone) as as_of
from {{ ref('stg_encounter') }}
where end_known_at is not null
