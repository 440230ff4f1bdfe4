{{ config(unique_key='practitioner_code') }}

select
    versions.practitioner_code,
    versions.recorded_at,
    versions.source,
    versions.position,
    versions.organization_id,
    versions.site_id,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('practitioner', key='practitioner_code') }} as versions
