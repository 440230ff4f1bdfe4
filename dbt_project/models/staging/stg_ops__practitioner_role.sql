{{ config(unique_key='practitioner_role_id') }}

select
    versions.id as practitioner_role_id,
    versions.practitioner_code,
    versions.organization_id,
    versions.site_id,
    versions.position,
    versions.start_date,
    versions.end_date,
    versions.recorded_at,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('practitioner_role') }} as versions
