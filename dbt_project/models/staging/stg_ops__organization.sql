{{ config(unique_key='organization_id') }}

select
    versions.id as organization_id,
    versions.parent_id,
    versions.kind,
    versions.organization_type,
    versions.site_kind,
    versions.name_kk,
    versions.name_ru,
    versions.name_en,
    versions.sort_key,
    versions.bin,
    versions.kato_code,
    versions.care_level,
    versions.is_external,
    versions.is_active,
    versions.latitude,
    versions.longitude,
    versions.recorded_at,
    versions.source,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('organization') }} as versions
