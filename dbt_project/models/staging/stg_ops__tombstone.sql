{{ config(
    unique_key='tombstone_id',
    tags=['hot']
) }}

select
    versions.id as tombstone_id,
    versions.patient_key,
    versions.destroyed_at,
    versions.recorded_at,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('tombstone') }} as versions
