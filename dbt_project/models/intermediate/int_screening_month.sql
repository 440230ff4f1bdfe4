{{ config(materialized='view', tags=hot_with_its_tables()) }}

-- People of a programme at the end of each month of its year, and why somebody is not counted.
select
    spells.patient_key,
    spells.programme,
    spells.year,
    spells.rule_version,
    spells.region_id,
    spells.organization_id,
    spells.site_id,
    spells.sex,
    spells.age_group,
    spells.register_date,
    spells.is_target,
    spells.is_carried_over,
    spells.listed_date,
    spells.cancel_reason,
    spells.recorded_date,
    spells.confirmed_date,
    spells.services_after_death,
    spells.repeated_services,
    periods.period,
    periods.last_date,
    case
        when spells.death_date <= periods.last_date then 'dead'
        when spells.attached_until <= periods.last_date then 'moved'
        when spells.register_date <= periods.last_date then 'on_dispensary_register'
        when spells.is_done_before then 'done_within_interval'
        when not (spells.is_target or spells.is_carried_over) then 'not_in_target_group'
    end as excluded_because
from {{ ref('int_screening_spell') }} as spells
inner join {{ ref('int_period') }} as periods
    on
        spells.year = periods.year
        and spells.valid_from <= periods.last_date
        and spells.valid_before > periods.last_date
