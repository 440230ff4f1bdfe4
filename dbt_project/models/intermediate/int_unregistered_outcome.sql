{{ config(materialized='view', tags=hot_with_its_tables()) }}

-- Outcomes of women who had no card while they carried: MAT-10 counts them beside the registered.
with before as (
    select {{ limit_value('MAT-10', 'registered_before') }} as days
)

select
    deliveries.encounter_id,
    deliveries.patient_key,
    deliveries.icd10,
    deliveries.facility_id,
    deliveries.event_at,
    deliveries.event_date,
    deliveries.known_at,
    deliveries.known_date,
    deliveries.weeks
from {{ ref('int_delivery') }} as deliveries
cross join before
where
    not exists (
        select 1
        from {{ ref('fct_episode_of_care') }} as episodes
        where
            episodes.patient_key = deliveries.patient_key
            and episodes.episode_kind = 'pregnancy'
            and not episodes.is_entered_in_error
            and coalesce(episodes.close_reason, 'outcome') <> 'mistake'
            and episodes.event_date <= deliveries.event_date
            and {{ days_between('episodes.event_date', 'deliveries.event_date') }} <= before.days
    )
