{{ config(
    unique_key='patient_key',
    tags=['hot'],
    post_hook=["{{ forget_destroyed() }}"]
) }}

select
    versions.patient_key,
    versions.identity_status,
    versions.sex,
    versions.birth_month,
    versions.kato_district,
    versions.is_live,
    versions.recorded_at,
    versions.source,
    versions.entered_in_error_at is not null as is_entered_in_error,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('patient', key='patient_key', people=['patient_key']) }} as versions
