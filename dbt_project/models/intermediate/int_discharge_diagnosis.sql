{{ config(materialized='view', tags=hot_with_its_tables()) }}

-- Main final diagnoses of a treatment in hospital, those of the wards before a transfer included.
select distinct
    discharges.discharge_encounter_id,
    discharges.patient_key,
    discharges.facility_id,
    discharges.disposition,
    discharges.event_at,
    discharges.event_date,
    discharges.known_at,
    discharges.known_date,
    conditions.icd10
from {{ ref('int_hospital_discharge') }} as discharges
inner join {{ ref('int_contact_diagnosis') }} as conditions on discharges.encounter_id = conditions.encounter_id
cross join {{ ref('int_clock') }} as clock
where
    conditions.diagnosis_type = 'main'
    and conditions.diagnosis_kind = 'final'
    and conditions.icd10 is not null
    and not conditions.is_entered_in_error
    and conditions.known_at <= clock.as_of
