{{ config(
    unique_key='care_plan_activity_id',
    tags=['hot'],
    post_hook=["{{ forget_destroyed() }}"]
) }}

select
    versions.id as care_plan_activity_id,
    versions.episode_id,
    versions.programme,
    versions.step,
    versions.plan_year,
    versions.planned_date,
    versions.status,
    versions.site_id,
    versions.encounter_id,
    versions.cancel_reason,
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
from {{ newest_versions('care_plan_activity', people=['patient_key']) }} as versions
