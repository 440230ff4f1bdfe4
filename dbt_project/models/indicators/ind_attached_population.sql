-- A person is attached on the last day of a month, or on the day of the data in the running month.
with month as (
    select
        spells.*,
        periods.period,
        periods.last_date,
        {{ age_at_month_end('spells.birth_month', 'periods.last_date') }} as age
    from {{ ref('int_attachment_spell') }} as spells
    inner join {{ ref('int_period') }} as periods
        on
            spells.start_date <= periods.last_date
            and (spells.next_start_date is null or spells.next_start_date > periods.last_date)
            and (spells.end_date is null or spells.end_date > periods.last_date)
)

select
    'attached_population' as indicator_code,
    'attachment:' || cast(month.attachment_id as text) as case_id,
    month.period,
    month.region_id,
    month.organization_id,
    month.site_id,
    cast(null as text) as practitioner_code,
    month.patient_key,
    month.sex,
    {{ age_group('month.age') }} as age_group,
    case when month.age < 18 then 'children' when month.age < 65 then 'adults' else 'older' end as dimension,
    month.last_date as event_date,
    not coalesce(month.death_date <= month.last_date, false) as in_denominator,
    not coalesce(month.death_date <= month.last_date, false) as in_numerator,
    case when month.death_date <= month.last_date then 'dead' end as excluded_because,
    {{ json_object([
        ('attached_since', 'month.start_date', 'date'),
        ('died', 'case when month.death_date <= month.last_date then month.death_date end', 'date'),
    ]) }} as evidence
from month
