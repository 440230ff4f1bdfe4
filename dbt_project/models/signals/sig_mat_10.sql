{{ config(tags=['hot']) }}

with card as (
    select
        episodes.episode_id,
        episodes.patient_key,
        episodes.organization_id,
        episodes.site_id,
        episodes.event_at,
        episodes.event_date,
        episodes.known_at,
        episodes.known_date,
        episodes.lmp_date,
        episodes.risk_level,
        episodes.required_care_level,
        episodes.close_reason,
        episodes.outcome,
        coalesce(episodes.outcome_known_at, episodes.end_known_at, episodes.outcome_at, episodes.end_at) as ended_at
    from {{ ref('fct_episode_of_care') }} as episodes
    cross join {{ ref('int_clock') }} as clock
    where
        episodes.episode_kind = 'pregnancy'
        and not episodes.is_entered_in_error
        and coalesce(episodes.close_reason, 'outcome') <> 'mistake'
        and episodes.known_at <= clock.as_of
        and episodes.known_at >= {{ add_hours('clock.as_of', '-24 * ' ~ limit_value('MAT-10', 'window')) }}
),

event as (
    select
        'episode_of_care:' || cast(card.episode_id as text) as event_key,
        card.patient_key,
        'pregnancy_cards' as population,
        card.organization_id,
        card.site_id,
        card.event_at,
        card.known_at,
        card.known_date,
        -- the examination of the day of registration may be minutes older than the card
        {{ start_of_day('card.event_date') }} as since_at,
        case when card.ended_at <= clock.as_of then card.ended_at end as ended_at,
        case
            when card.outcome is not null then 'pregnancy_outcome'
            when card.close_reason in ('moved', 'transferred') then 'transfer'
            when card.close_reason = 'died' then 'death'
            else 'card_closed'
        end as ended_by,
        {{ json_object([
            ('kind', "'registered'", 'text'),
            ('registered_date', 'card.event_date', 'date'),
            ('weeks', weeks_between('card.lmp_date', 'card.event_date'), 'number'),
            ('risk_level', 'card.risk_level', 'text'),
            ('care_level', 'card.required_care_level', 'number'),
        ]) }} as about
    from card
    cross join {{ ref('int_clock') }} as clock
    union all
    select
        'encounter:' || cast(outcomes.encounter_id as text) as event_key,
        outcomes.patient_key,
        'unregistered_outcomes_from_12_weeks' as population,
        cast(null as bigint) as organization_id,
        cast(null as bigint) as site_id,
        outcomes.event_at,
        outcomes.known_at,
        outcomes.known_date,
        outcomes.event_at as since_at,
        cast(null as timestamp with time zone) as ended_at,
        cast(null as text) as ended_by,
        {{ json_object([
            ('kind', "'unregistered'", 'text'),
            ('icd10', 'outcomes.icd10', 'text'),
            ('outcome_date', 'outcomes.event_date', 'date'),
            ('weeks', 'outcomes.weeks', 'number'),
            ('facility', 'outcomes.facility_id', 'number'),
        ]) }} as about
    from {{ ref('int_unregistered_outcome') }} as outcomes
),

candidate as (
    select
        event.event_key,
        event.patient_key,
        event.event_at,
        event.known_at,
        event.since_at,
        {{ plain_clock('event.known_at', 'event.known_date') }},
        versions.rule_version,
        event.population,
        'all' as groups,
        coalesce(person.owner_region_id, node.region_id) as region_id,
        coalesce(person.owner_organization_id, node.facility_id, event.organization_id) as organization_id,
        case when person.owner_organization_id is not null then person.owner_site_id else event.site_id end as site_id,
        coalesce(event.ended_at, person.death_known_at) as ended_at,
        case when event.ended_at is null and person.death_known_at is not null then 'death' else event.ended_by end
            as ended_by,
        event.about
    from event
    inner join {{ ref('dim_patient') }} as person on event.patient_key = person.patient_key
    left join {{ ref('dim_organization') }} as node on event.organization_id = node.organization_id
    inner join {{ ref('int_rule_version') }} as versions
        on
            versions.signal_code = 'MAT-10'
            and event.known_date between versions.effective_from and versions.effective_to
    where coalesce(person.owner_organization_id, event.organization_id) is not null
),

{{ signal_cases('MAT-10') }}
