{{ config(tags=['hot']) }}

-- Contacts of the people the lists watch, in any facility, and attempts that reached nobody.
-- Gathered before the moment of the run is asked: DuckDB takes what is compared with it for a handful of rows, and
-- would keep all visits in memory to look the few people up in them.
with near as materialized (
    select encounters.*
    from {{ ref('fct_encounter') }} as encounters
    inner join {{ ref('int_watched_person') }} as watched on encounters.patient_key = watched.patient_key
    where
        encounters.status in ('in_progress', 'finished')
        and not encounters.is_entered_in_error
        and encounters.event_date >= {{ days_back(var('signal_history_days')) }}
)

select
    encounters.encounter_id,
    encounters.patient_key,
    encounters.organization_id,
    encounters.encounter_class,
    encounters.purpose,
    encounters.disposition,
    encounters.status,
    practitioner.position as practitioner_position,
    encounters.event_at,
    encounters.event_date,
    -- until its end is known, a stay goes on
    case
        when coalesce(encounters.end_known_at, encounters.known_at) <= clock.as_of then encounters.end_at
    end as end_at,
    case
        when coalesce(encounters.end_known_at, encounters.known_at) <= clock.as_of then encounters.end_date
    end as end_date,
    encounters.known_at,
    encounters.known_date,
    coalesce(encounters.end_known_at, encounters.known_at) as end_known_at,
    coalesce(encounters.end_known_date, encounters.known_date) as end_known_date,
    coalesce(encounters.disposition = 'nobody_home', false) as is_failed
from near as encounters
cross join {{ ref('int_clock') }} as clock
left join {{ ref('dim_practitioner') }} as practitioner
    on encounters.practitioner_code = practitioner.practitioner_code
where encounters.known_at <= clock.as_of
