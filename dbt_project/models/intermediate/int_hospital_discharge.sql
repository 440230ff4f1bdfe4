{{ config(tags=['hot']) }}

-- Stays that follow each other without a night at home are one treatment; the discharge that counts is the last
-- of the chain (after rehabilitation, after a transfer), and while any of them is open nobody was discharged.
with stay as (
    select
        contacts.encounter_id,
        contacts.patient_key,
        contacts.organization_id,
        contacts.disposition,
        contacts.event_at,
        contacts.event_date,
        contacts.end_at,
        contacts.end_date,
        contacts.end_known_at,
        contacts.end_known_date,
        max(coalesce(contacts.end_at, {{ moment('9999-12-31 00:00:00+00') }})) over (
            partition by contacts.patient_key
            order by contacts.event_at, contacts.encounter_id
            rows between unbounded preceding and 1 preceding
        ) as earlier_end_at
    from {{ ref('int_contact') }} as contacts
    where contacts.encounter_class = 'inpatient'
),

gap as (
    select {{ limit_value('ALL', 'transfer_gap') }} as hours
),

marked as (
    select
        stay.*,
        case
            when stay.event_at <= {{ add_hours('stay.earlier_end_at', 'gap.hours') }} then 0
            else 1
        end as begins_chain
    from stay
    cross join gap
),

chained as (
    select
        marked.*,
        sum(marked.begins_chain) over (
            partition by marked.patient_key
            order by marked.event_at, marked.encounter_id
            rows between unbounded preceding and current row
        ) as chain
    from marked
),

ranked as (
    select
        chained.*,
        row_number() over (
            partition by chained.patient_key, chained.chain
            order by chained.end_at desc, chained.event_at desc, chained.encounter_id desc
        ) as turn_from_end,
        count(*) over (partition by chained.patient_key, chained.chain) as stays,
        sum(case when chained.end_at is null then 1 else 0 end) over (
            partition by chained.patient_key, chained.chain
        ) as open_stays
    from chained
)

select
    stays.encounter_id,
    discharge.encounter_id as discharge_encounter_id,
    discharge.patient_key,
    discharge.organization_id as facility_id,
    discharge.disposition,
    discharge.end_at as event_at,
    discharge.end_date as event_date,
    discharge.end_known_at as known_at,
    discharge.end_known_date as known_date,
    discharge.stays
from ranked as discharge
inner join ranked as stays on discharge.patient_key = stays.patient_key and discharge.chain = stays.chain
where
    discharge.turn_from_end = 1
    and discharge.open_stays = 0
