{{ config(unique_key='location_id') }}

select
    versions.id as location_id,
    versions.organization_id,
    versions.kind,
    versions.name_kk,
    versions.name_ru,
    versions.name_en,
    versions.recorded_at,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('location') }} as versions
