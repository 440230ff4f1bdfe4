{{ config(tags=['hot']) }}

-- Months a population is counted for; the running month is counted up to the moment of the data.
select
    days.period,
    days.year,
    days.first_date,
    least(days.last_date, clock.as_of_date) as last_date
from (
    select
        dates.period,
        dates.year,
        min(dates.date_day) as first_date,
        max(dates.date_day) as last_date
    from {{ ref('dim_date') }} as dates
    group by dates.period, dates.year
) as days
cross join {{ ref('int_clock') }} as clock
where
    days.first_date <= clock.as_of_date
    and days.first_date > {{ add_days('clock.as_of_date', -31 * (var('population_months') | int)) }}
