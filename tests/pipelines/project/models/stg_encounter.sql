{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='id', schema='staging', tags=['hot']) }}
select rows.id, rows.patient_key, rows.organization_id, rows.event_at, rows.known_at, rows.end_known_at,
    rows.row_xid, rows.extracted_at
from (
    select *, row_number() over (partition by id order by row_xid desc, extracted_at desc) as newest
    from {{ lake_rows('encounter') }}
    {% if is_incremental() %}
    where extracted_at > (select coalesce(max(extracted_at), timestamptz '1970-01-01') from {{ this }})
    {% endif %}
) as rows
where rows.newest = 1
