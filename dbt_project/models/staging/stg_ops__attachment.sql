{{ config(
    unique_key='attachment_id',
    tags=['hot'],
    post_hook=["{{ forget_destroyed() }}"]
) }}

select
    versions.id as attachment_id,
    versions.patient_key,
    versions.organization_id,
    versions.site_id,
    versions.start_date,
    versions.end_date,
    versions.end_reason,
    versions.recorded_at,
    versions.source,
    versions.entered_in_error_at is not null as is_entered_in_error,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('attachment', people=['patient_key']) }} as versions
