{{ config(materialized='view', tags=hot_with_its_tables()) }}

-- Diagnoses of emergency contacts after which nobody was admitted: an admission room that sent the person away, an
-- ambulance card that ended at home. Two doors on one day are one event, the last counts.
with door as (
    select
        contacts.encounter_id,
        contacts.patient_key,
        contacts.organization_id,
        contacts.disposition,
        contacts.event_at,
        contacts.event_date,
        contacts.end_known_at,
        contacts.end_known_date
    from {{ ref('int_contact') }} as contacts
    where
        contacts.encounter_class = 'emergency'
        and contacts.end_known_at <= (select clock.as_of from {{ ref('int_clock') }} as clock)
),

limits as (
    select {{ limit_value('ALL', 'transfer_gap') }} as hours
)

select distinct
    door.encounter_id as discharge_encounter_id,
    door.patient_key,
    door.organization_id as facility_id,
    door.disposition,
    door.event_at,
    door.event_date,
    door.end_known_at as known_at,
    door.end_known_date as known_date,
    conditions.icd10
from door
cross join limits
inner join {{ ref('int_contact_diagnosis') }} as conditions on door.encounter_id = conditions.encounter_id
cross join {{ ref('int_clock') }} as clock
where
    conditions.diagnosis_type = 'main'
    and conditions.icd10 is not null
    and not conditions.is_entered_in_error
    and conditions.known_at <= clock.as_of
    and not exists (
        select 1
        from {{ ref('int_contact') }} as later
        where
            later.patient_key = door.patient_key
            and later.encounter_id <> door.encounter_id
            and later.encounter_class in ('inpatient', 'emergency')
            and (
                later.event_at > door.event_at
                or (later.event_at = door.event_at and later.encounter_class = 'inpatient')
            )
            and later.event_at <= {{ add_hours('door.event_at', 'limits.hours') }}
            and (
                later.encounter_class = 'inpatient'
                or exists (
                    select 1
                    from {{ ref('int_contact_diagnosis') }} as same
                    where
                        same.encounter_id = later.encounter_id
                        and substr(same.icd10, 1, 3) = substr(conditions.icd10, 1, 3)
                )
            )
    )
