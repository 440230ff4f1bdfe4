{{ config(tags=['hot']) }}

with missed as (
    select visits.*
    from {{ ref('int_antenatal_visit') }} as visits
    where
        visits.is_without_contact
        and visits.excluded_because is null
),

failed as (
    select
        ranked.care_plan_activity_id,
        max(ranked.turn) as attempts,
        max(case when ranked.turn = 2 then ranked.event_at end) as second_at,
        max(case when ranked.turn = 2 then ranked.event_date end) as second_on
    from (
        select
            missed.care_plan_activity_id,
            contacts.event_at,
            contacts.event_date,
            row_number() over (
                partition by missed.care_plan_activity_id order by contacts.event_at, contacts.encounter_id
            ) as turn
        from missed
        inner join {{ ref('int_contact') }} as contacts on missed.patient_key = contacts.patient_key
        where
            contacts.is_failed
            and contacts.event_date >= missed.planned_date
    ) as ranked
    group by ranked.care_plan_activity_id
),

candidate as (
    select
        'care_plan_activity:' || cast(missed.care_plan_activity_id as text) as event_key,
        missed.patient_key,
        {{ start_of_day('missed.planned_date') }} as event_at,
        greatest({{ start_of_day('missed.missed_date') }}, missed.known_at) as known_at,
        {{ start_of_day('missed.missed_date') }} as since_at,
        -- the clock is a date: deadlines end with the day
        cast(null as timestamp with time zone) as clock_at,
        missed.missed_date as clock_on,
        failed.second_at as escalated_at,
        failed.second_on as escalated_on,
        cast(coalesce(failed.attempts, 0) as integer) as attempts,
        missed.rule_version,
        'open_pregnancy_at_home' as population,
        'all,' || case when missed.risk_level = 'high' then 'high_risk' else 'normal_risk' end as groups,
        coalesce(person.owner_region_id, node.region_id) as region_id,
        coalesce(person.owner_organization_id, node.facility_id) as organization_id,
        case when person.owner_organization_id is not null then person.owner_site_id else missed.site_id end as site_id,
        coalesce(missed.ended_at, person.death_known_at) as ended_at,
        case
            when missed.ended_at is null then 'death'
            when missed.close_reason in ('moved', 'transferred') then 'transfer'
            when missed.close_reason = 'died' then 'death'
            else 'pregnancy_outcome'
        end as ended_by,
        {{ json_object([
            ('planned_date', 'missed.planned_date', 'date'),
            ('step', 'missed.step', 'text'),
            ('missed_date', 'missed.missed_date', 'date'),
            ('weeks', weeks_between('missed.lmp_date', 'missed.planned_date'), 'number'),
            ('risk_level', 'missed.risk_level', 'text'),
            ('failed_contacts', 'failed.attempts', 'number'),
            ('owner_basis', 'person.owner_basis', 'text'),
        ]) }} as about
    from missed
    inner join {{ ref('dim_patient') }} as person on missed.patient_key = person.patient_key
    left join {{ ref('dim_organization') }} as node on missed.node_id = node.organization_id
    left join failed on missed.care_plan_activity_id = failed.care_plan_activity_id
    where coalesce(person.owner_organization_id, node.facility_id) is not null
),

{{ signal_cases('MAT-11', open_stay=true) }}
