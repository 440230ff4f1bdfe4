select
    facts.medication_request_id,
    coalesce(link.patient_key, facts.patient_key) as patient_key,
    facts.encounter_id,
    facts.organization_id,
    facts.practitioner_code,
    facts.code_system,
    facts.code,
    facts.status,
    facts.end_date,
    facts.is_free,
    facts.event_at,
    facts.event_date,
    facts.known_at,
    facts.known_date,
    facts.evidence_grade,
    facts.recorded_at,
    facts.source,
    facts.age_at_event,
    facts.is_entered_in_error,
    facts.extracted_at
from {{ ref('stg_ops__medication_request') }} as facts
left join {{ ref('int_record_link') }} as link on facts.patient_key = link.record_key
