{{ config(
    unique_key='procedure_id',
    tags=['hot'],
    post_hook=["{{ forget_destroyed() }}"]
) }}

select
    versions.id as procedure_id,
    versions.encounter_id,
    versions.service_request_id,
    versions.code_system,
    versions.code,
    versions.programme,
    versions.result_code,
    versions.status,
    versions.event_at,
    versions.event_date,
    versions.known_at,
    versions.known_date,
    versions.evidence as evidence_grade,
    versions.patient_key,
    versions.organization_id,
    versions.practitioner_code,
    versions.recorded_at,
    versions.source,
    versions.age_at_event,
    versions.entered_in_error_at is not null as is_entered_in_error,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('procedure', people=['patient_key']) }} as versions
{{ in_order_of_days() }}
