{{ config(tags=['hot']) }}

-- Diagnoses of stays and emergency contacts of the people the lists watch: several lists ask for them, and all
-- diagnoses are read once.
select
    conditions.condition_id,
    conditions.encounter_id,
    conditions.icd10,
    conditions.diagnosis_kind,
    conditions.diagnosis_type,
    conditions.known_at,
    conditions.is_entered_in_error
from {{ ref('int_contact') }} as contacts
inner join {{ ref('fct_condition') }} as conditions on contacts.encounter_id = conditions.encounter_id
where contacts.encounter_class in ('inpatient', 'emergency')
