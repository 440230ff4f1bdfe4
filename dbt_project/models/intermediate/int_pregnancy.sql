-- Pregnancies by their cards, and outcomes of women who had none.
with card as (
    select
        episodes.*,
        coalesce(episodes.lmp_date, {{ add_days('episodes.due_date', -280) }}) as first_date
    from {{ ref('fct_episode_of_care') }} as episodes
    where episodes.episode_kind = 'pregnancy'
)

select
    'episode_of_care:' || cast(episodes.episode_id as text) as case_id,
    episodes.patient_key,
    episodes.organization_id as node_id,
    node.region_id,
    coalesce(node.facility_id, episodes.organization_id) as organization_id,
    episodes.site_id,
    episodes.practitioner_code,
    episodes.age_at_event,
    episodes.event_date as start_date,
    least(
        coalesce(episodes.outcome_date, episodes.end_date, person.death_date),
        coalesce(episodes.end_date, episodes.outcome_date, person.death_date),
        coalesce(person.death_date, episodes.outcome_date, episodes.end_date)
    ) as end_date,
    {{ weeks_between('episodes.first_date', 'episodes.event_date') }} as weeks,
    coalesce({{ days_between('episodes.first_date', 'episodes.event_date') }} < 84, false) as is_early,
    episodes.risk_level,
    true as is_registered,
    person.sex,
    case
        when episodes.is_entered_in_error then 'entered_in_error'
        when episodes.close_reason = 'mistake' then 'mistake'
    end as excluded_because
from card as episodes
left join {{ ref('int_person') }} as person on episodes.patient_key = person.record_key
left join {{ ref('dim_organization') }} as node on episodes.organization_id = node.organization_id
union all
select
    'encounter:' || cast(outcomes.encounter_id as text) as case_id,
    outcomes.patient_key,
    person.organization_id as node_id,
    person.region_id,
    person.organization_id,
    person.site_id,
    cast(null as text) as practitioner_code,
    encounters.age_at_event,
    outcomes.event_date as start_date,
    outcomes.event_date as end_date,
    outcomes.weeks,
    false as is_early,
    cast(null as text) as risk_level,
    false as is_registered,
    person.sex,
    cast(null as text) as excluded_because
from {{ ref('int_unregistered_outcome') }} as outcomes
inner join {{ ref('dim_patient') }} as person on outcomes.patient_key = person.patient_key
left join {{ ref('fct_encounter') }} as encounters on outcomes.encounter_id = encounters.encounter_id
where person.organization_id is not null
