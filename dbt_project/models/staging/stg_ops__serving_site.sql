{{ config(
    unique_key='serving_site_id',
    tags=['hot'],
    post_hook=["{{ forget_destroyed() }}"]
) }}

select
    versions.id as serving_site_id,
    versions.patient_key,
    versions.organization_id,
    versions.site_id,
    versions.start_date,
    versions.end_date,
    versions.accepted_at,
    versions.recorded_at,
    versions.entered_in_error_at is not null as is_entered_in_error,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('serving_site', people=['patient_key']) }} as versions
