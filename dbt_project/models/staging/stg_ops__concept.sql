{{ config(unique_key='concept_id') }}

select
    versions.id as concept_id,
    versions.system,
    versions.code,
    versions.parent_code,
    versions.kind,
    versions.title_kk,
    versions.title_ru,
    versions.title_en,
    versions.unit,
    versions.is_selectable,
    versions.recorded_at,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('concept') }} as versions
