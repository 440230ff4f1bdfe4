{{ config(tags=['hot']) }}

with death as (
    select
        deaths.death_id,
        deaths.patient_key,
        deaths.place,
        deaths.cause_icd10,
        deaths.age_at_event,
        deaths.event_at,
        deaths.event_date,
        deaths.known_at,
        deaths.known_date,
        person.sex
    from {{ ref('fct_death') }} as deaths
    inner join {{ ref('int_person') }} as person
        on deaths.patient_key = person.record_key and deaths.death_id = person.death_id
    cross join {{ ref('int_clock') }} as clock
    where
        deaths.known_at <= clock.as_of
        and deaths.known_at >= {{ add_hours('clock.as_of', '-24 * ' ~ limit_value('SIG-07', 'window')) }}
),

-- Who answered for the person on the day of death; an attachment that ended by the death still counts.
owner as (
    select
        accepted.patient_key,
        node.region_id,
        coalesce(node.facility_id, accepted.organization_id) as organization_id,
        accepted.site_id,
        accepted.start_date,
        accepted.end_date,
        cast(null as date) as next_start_date,
        'serving' as owner_basis,
        1 as preference,
        accepted.serving_site_id as row_key
    from {{ ref('int_serving_site') }} as accepted
    left join {{ ref('dim_organization') }} as node on accepted.organization_id = node.organization_id
    union all
    select
        spells.patient_key,
        spells.region_id,
        spells.organization_id,
        spells.site_id,
        spells.start_date,
        spells.end_date,
        spells.next_start_date,
        'attachment' as owner_basis,
        2 as preference,
        spells.attachment_id as row_key
    from {{ ref('int_attachment_spell') }} as spells
),

served as (
    select
        ranked.death_id,
        ranked.region_id,
        ranked.organization_id,
        ranked.site_id,
        ranked.owner_basis
    from (
        select
            death.death_id,
            owner.region_id,
            owner.organization_id,
            owner.site_id,
            owner.owner_basis,
            row_number() over (
                partition by death.death_id order by owner.preference, owner.start_date desc, owner.row_key desc
            ) as turn
        from death
        inner join owner on death.patient_key = owner.patient_key
        where
            owner.start_date <= death.event_date
            and (owner.end_date is null or owner.end_date >= death.event_date)
            and (owner.next_start_date is null or owner.next_start_date > death.event_date)
    ) as ranked
    where ranked.turn = 1
),

pregnancy as (
    {%- set ended = 'coalesce(episodes.outcome_date, episodes.end_date, death.event_date)' %}
    select
        death.death_id,
        max(episodes.episode_id) as episode_id
    from death
    inner join {{ ref('fct_episode_of_care') }} as episodes on death.patient_key = episodes.patient_key
    where
        episodes.episode_kind = 'pregnancy'
        and not episodes.is_entered_in_error
        and coalesce(episodes.close_reason, 'outcome') <> 'mistake'
        and episodes.event_date <= death.event_date
        and {{ days_between(ended, 'death.event_date') }}
        <= {{ limit_value('SIG-07', 'puerperium') }}
    group by death.death_id
),

-- A delivery without a card makes the puerperium too.
delivery as (
    select distinct death.death_id
    from death
    inner join {{ ref('int_delivery') }} as deliveries on death.patient_key = deliveries.patient_key
    where
        deliveries.event_date <= death.event_date
        and {{ days_between("deliveries.event_date", "death.event_date") }} <= {{ limit_value('SIG-07', 'puerperium') }}
),

discharge as (
    select
        death.death_id,
        max(contacts.end_date) as discharge_date
    from death
    inner join {{ ref('int_contact') }} as contacts on death.patient_key = contacts.patient_key
    where
        contacts.encounter_class = 'inpatient'
        and coalesce(contacts.disposition, 'home') <> 'died'
        and contacts.end_at < death.event_at
        and {{ days_between("contacts.end_date", "death.event_date") }}
        <= {{ limit_value('SIG-07', 'after_discharge') }}
    group by death.death_id
),

visit_after as (
    select
        death.death_id,
        count(*) as visits
    from death
    inner join {{ ref('int_contact') }} as contacts
        on death.patient_key = contacts.patient_key and death.event_date < contacts.event_date
    group by death.death_id
),

-- Bookings for days after the death; the registrar's step is done when none of them lives.
booking as (
    select
        death.death_id,
        sum(case when bookings.status in ('booked', 'arrived') then 1 else 0 end) as live,
        sum(case when bookings.status = 'cancelled' then 1 else 0 end) as cancelled,
        -- a cancellation carries no time of its own: the extraction that first showed it does
        max(case when bookings.status = 'cancelled' then bookings.extracted_at end) as cancelled_at
    from death
    inner join {{ ref('fct_appointment') }} as bookings
        on death.patient_key = bookings.patient_key and death.event_at < bookings.start_at
    where not bookings.is_entered_in_error
    group by death.death_id
),

candidate as (
    select
        'death:' || cast(death.death_id as text) as event_key,
        death.patient_key,
        death.event_at,
        death.known_at,
        death.event_at as since_at,
        {{ plain_clock('death.known_at', 'death.known_date') }},
        versions.rule_version,
        'attached_or_served' as population,
        'all'
        || case
            when pregnancy.episode_id is not null or delivery.death_id is not null then ',pregnant_or_42_days' else ''
        end
        || case when death.age_at_event < 5 then ',under_5' else '' end
        || case
            when death.place = 'home' and death.age_at_event between 18 and 64 then ',at_home_18_64' else ''
        end
        || case when discharge.discharge_date is not null then ',within_30_days_of_discharge' else '' end as groups,
        served.region_id,
        served.organization_id,
        served.site_id,
        cast(null as timestamp with time zone) as ended_at,
        cast(null as text) as ended_by,
        {{ json_object([
            ('death_date', 'death.event_date', 'date'),
            ('known_date', 'death.known_date', 'date'),
            ('place', 'death.place', 'text'),
            ('cause_icd10', 'death.cause_icd10', 'text'),
            ('age', 'death.age_at_event', 'number'),
            ('discharge_date', 'discharge.discharge_date', 'date'),
            ('live_bookings', 'booking.live', 'number'),
            ('cancelled_bookings', 'booking.cancelled', 'number'),
            ('visits_after_death', 'visit_after.visits', 'number'),
            ('owner_basis', 'served.owner_basis', 'text'),
        ]) }} as about
    from death
    inner join served on death.death_id = served.death_id
    inner join {{ ref('int_rule_version') }} as versions
        on
            versions.signal_code = 'SIG-07'
            and death.known_date between versions.effective_from and versions.effective_to
    left join pregnancy on death.death_id = pregnancy.death_id
    left join delivery on death.death_id = delivery.death_id
    left join discharge on death.death_id = discharge.death_id
    left join visit_after on death.death_id = visit_after.death_id
    left join booking on death.death_id = booking.death_id
),

own_evidence as (
    select
        'death:' || cast(death.death_id as text) as event_key,
        'bookings_cancelled' as evidence_code,
        'death:' || cast(death.death_id as text) as source_key,
        greatest(death.known_at, coalesce(booking.cancelled_at, death.known_at)) as met_at
    from death
    left join booking on death.death_id = booking.death_id
    where coalesce(booking.live, 0) = 0
),

{{ signal_cases('SIG-07', own_evidence=true) }}
