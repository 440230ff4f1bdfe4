{{ config(
    unique_key='condition_id',
    tags=['hot'],
    post_hook=["{{ forget_destroyed() }}"]
) }}

select
    versions.id as condition_id,
    versions.encounter_id,
    versions.icd10,
    versions.kind as diagnosis_kind,
    versions.type as diagnosis_type,
    versions.character as diagnosis_character,
    versions.abated_at,
    versions.abated_date,
    versions.original_system,
    versions.original_code,
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
from {{ newest_versions('condition', people=['patient_key']) }} as versions
