{{ config(tags=['hot']) }}

-- People a signal may speak of: the others' facts need not be read for the lists.
with horizon as (
    select {{ add_hours('clock.as_of', -24 * (var('signal_horizon_days') | int)) }} as since
    from {{ ref('int_clock') }} as clock
)

select encounters.patient_key
from {{ ref('fct_encounter') }} as encounters
cross join horizon
where
    encounters.encounter_class in ('inpatient', 'emergency')
    and encounters.event_date >= {{ days_back(var('signal_history_days')) }}
    and coalesce(encounters.end_known_at, encounters.known_at) >= horizon.since
union
select episodes.patient_key
from {{ ref('fct_episode_of_care') }} as episodes
cross join horizon
where
    episodes.episode_kind = 'pregnancy'
    and (
        episodes.status = 'active'
        or coalesce(episodes.end_known_at, episodes.known_at) >= horizon.since
        or episodes.known_at >= horizon.since
    )
union
select deaths.patient_key
from {{ ref('fct_death') }} as deaths
cross join horizon
where deaths.known_at >= horizon.since
