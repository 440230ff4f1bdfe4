{{ config(tags=['hot']) }}

-- Every planned antenatal visit with what became of it: kept anywhere, ended before, cancelled, missed.
with planned as (
    select
        activities.care_plan_activity_id,
        activities.patient_key,
        activities.episode_id,
        activities.step,
        activities.planned_date,
        activities.status,
        activities.cancel_reason,
        activities.encounter_id,
        activities.known_at,
        coalesce(activities.site_id, episodes.site_id) as site_id,
        coalesce(activities.organization_id, episodes.organization_id) as node_id,
        activities.practitioner_code,
        episodes.lmp_date,
        episodes.risk_level,
        episodes.event_date as registered_date,
        episodes.outcome,
        episodes.close_reason,
        case
            when coalesce(episodes.outcome_known_at, episodes.end_known_at, episodes.known_at) <= clock.as_of
                then least(
                    coalesce(episodes.outcome_date, episodes.end_date),
                    coalesce(episodes.end_date, episodes.outcome_date)
                )
        end as ended_date,
        case
            when coalesce(episodes.outcome_known_at, episodes.end_known_at, episodes.known_at) <= clock.as_of
                then coalesce(episodes.outcome_at, episodes.end_at)
        end as ended_at,
        clock.as_of_date
    from {{ ref('fct_care_plan_activity') }} as activities
    inner join {{ ref('fct_episode_of_care') }} as episodes on activities.episode_id = episodes.episode_id
    cross join {{ ref('int_clock') }} as clock
    where
        activities.programme = 'pregnancy'
        and activities.planned_date is not null
        and activities.known_at <= clock.as_of
        and not activities.is_entered_in_error
        and not episodes.is_entered_in_error
        and coalesce(episodes.close_reason, 'outcome') <> 'mistake'
        and activities.planned_date <= clock.as_of_date
        and activities.planned_date >= {{ days_back((var('population_months') | int) * 31) }}
),

graced as (
    select
        planned.*,
        versions.rule_version,
        rules.deadline_value as grace_days,
        {{ add_days('planned.planned_date', 'rules.deadline_value') }} as last_day
    from planned
    inner join {{ ref('int_rule_version') }} as versions
        on
            versions.signal_code = 'MAT-11'
            and planned.planned_date between versions.effective_from and versions.effective_to
    inner join {{ ref('signal_rules') }} as rules
        on
            rules.signal_code = 'MAT-11'
            and versions.rule_version = rules.rule_version
            and rules.step_code = 'grace'
            and rules.applies_to
            = case when planned.risk_level = 'high' then 'high_risk' else 'normal_risk' end
),

-- Contacts of these women, whoever gave them; an antenatal visit a few days early is the planned one.
contact as (
    select
        encounters.patient_key,
        encounters.encounter_id,
        encounters.event_date as from_date,
        case
            when encounters.encounter_class = 'inpatient' then coalesce(encounters.end_date, clock.as_of_date)
            else encounters.event_date
        end as to_date,
        coalesce(encounters.purpose = 'pregnancy', false) as is_antenatal
    from {{ ref('fct_encounter') }} as encounters
    cross join {{ ref('int_clock') }} as clock
    where
        encounters.patient_key in (select graced.patient_key from graced)
        and encounters.status in ('in_progress', 'finished')
        and encounters.event_date >= {{ days_back((var('population_months') | int) * 31 + 40) }}
        and coalesce(encounters.disposition, 'home') <> 'nobody_home'
        and not encounters.is_entered_in_error
        and encounters.known_at <= clock.as_of
),

early as (
    select {{ limit_value('MAT-11', 'early_visit') }} as days
),

kept as (
    select
        graced.care_plan_activity_id,
        min(contact.from_date) as contact_date
    from graced
    cross join early
    inner join contact on graced.patient_key = contact.patient_key
    where
        contact.from_date <= graced.last_day
        and (
            contact.to_date >= graced.planned_date
            or (contact.is_antenatal and contact.from_date >= {{ add_days('graced.planned_date', '-early.days') }})
            or graced.encounter_id = contact.encounter_id
        )
    group by graced.care_plan_activity_id
)

select
    graced.care_plan_activity_id,
    graced.patient_key,
    graced.episode_id,
    graced.step,
    graced.planned_date,
    graced.last_day,
    {{ add_days('graced.last_day', 1) }} as missed_date,
    graced.rule_version,
    graced.risk_level,
    graced.lmp_date,
    graced.registered_date,
    graced.outcome,
    graced.close_reason,
    graced.ended_date,
    graced.ended_at,
    graced.known_at,
    graced.node_id,
    graced.site_id,
    graced.practitioner_code,
    kept.contact_date,
    case
        when graced.ended_date <= graced.last_day and kept.contact_date is null
            then
                case
                    when graced.close_reason in ('moved', 'transferred') then 'transfer'
                    when graced.close_reason = 'died' then 'death'
                    else 'pregnancy_outcome'
                end
        when
            graced.status = 'cancelled' and coalesce(graced.cancel_reason, 'other') not in ('outcome', 'moved', 'died')
            then 'cancelled'
        when graced.last_day >= graced.as_of_date and kept.contact_date is null and graced.status <> 'done'
            then 'not_due'
    end as excluded_because,
    -- done by a visit after the days of grace is missed and then caught up
    kept.contact_date is null and (graced.status <> 'done' or graced.encounter_id is not null) as is_without_contact
from graced
left join kept on graced.care_plan_activity_id = kept.care_plan_activity_id
