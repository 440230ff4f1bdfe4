{{ config(
    unique_key='encounter_id',
    tags=['hot'],
    post_hook=["{{ forget_destroyed() }}"]
) }}

select
    versions.id as encounter_id,
    versions.encounter_class,
    versions.status,
    versions.purpose,
    versions.department_id,
    versions.site_id,
    versions.location_id,
    versions.end_at,
    versions.end_date,
    versions.end_known_at,
    versions.end_known_date,
    versions.disposition,
    versions.is_planned,
    versions.payer,
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
from {{ newest_versions('encounter', people=['patient_key']) }} as versions
{{ in_order_of_days() }}
