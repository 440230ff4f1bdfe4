{{ config(tags=['hot']) }}

-- Outcomes of pregnancy as hospitals and clinics coded them, whether or not the woman had a card. Which codes end
-- a pregnancy says signal_diagnoses for MAT-10; a loss counts from the twelfth week, when a week was measured.
with coded as (
    select
        conditions.encounter_id,
        conditions.patient_key,
        conditions.icd10,
        conditions.event_at,
        conditions.event_date,
        conditions.known_at,
        conditions.known_date,
        conditions.organization_id
    from {{ ref('fct_condition') }} as conditions
    cross join {{ ref('int_clock') }} as clock
    where
        (conditions.icd10 like 'O%' or conditions.icd10 like 'Z37%')
        and conditions.diagnosis_kind = 'final'
        and conditions.encounter_id is not null
        and not conditions.is_entered_in_error
        and conditions.known_at <= clock.as_of
        and conditions.event_date >= {{ days_back((var('population_months') | int) * 31) }}
        and exists (
            select 1
            from {{ ref('signal_diagnoses') }} as meant
            where
                meant.signal_code = 'MAT-10'
                and meant.is_included
                and conditions.icd10 like meant.icd10_prefix || '%'
        )
),

outcome as (
    select
        coded.encounter_id,
        coded.patient_key,
        min(coded.icd10) as icd10,
        min(coded.organization_id) as facility_id,
        min(coded.event_at) as event_at,
        min(coded.event_date) as event_date,
        min(coded.known_at) as known_at,
        min(coded.known_date) as known_date
    from coded
    group by coded.encounter_id, coded.patient_key
),

week as (
    select
        outcome.encounter_id,
        max(observations.value_number) as weeks
    from outcome
    inner join {{ ref('fct_observation') }} as observations on outcome.encounter_id = observations.encounter_id
    where
        observations.code = '18185-9'
        and observations.status <> 'cancelled'
        and not observations.is_entered_in_error
    group by outcome.encounter_id
),

-- One pregnancy has one outcome: what is coded again within six weeks belongs to the first.
ordered as (
    select
        outcome.encounter_id,
        outcome.patient_key,
        outcome.icd10,
        outcome.facility_id,
        outcome.event_at,
        outcome.event_date,
        outcome.known_at,
        outcome.known_date,
        week.weeks,
        lag(outcome.event_date) over (
            partition by outcome.patient_key order by outcome.event_at, outcome.encounter_id
        ) as previous_date
    from outcome
    left join week on outcome.encounter_id = week.encounter_id
    where
        substr(outcome.icd10, 1, 3) not in ('O02', 'O03', 'O04', 'O05', 'O06', 'O07')
        or week.weeks >= {{ limit_value('MAT-10', 'outcome_weeks') }}
)

select
    ordered.encounter_id,
    ordered.patient_key,
    ordered.icd10,
    ordered.facility_id,
    ordered.event_at,
    ordered.event_date,
    ordered.known_at,
    ordered.known_date,
    cast(ordered.weeks as integer) as weeks
from ordered
where
    ordered.previous_date is null
    or {{ days_between('ordered.previous_date', 'ordered.event_date') }} > 42
