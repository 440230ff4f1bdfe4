{{ config(materialized='table', tags=['constant']) }}

with day as (
    select
        days.date_day,
        cast(extract(isodow from days.date_day) as integer) as weekday
    from {{ date_series(var('calendar_start'), var('calendar_end')) }} as days
),

judged as (
    select
        day.date_day,
        day.weekday,
        coalesce(exceptions.is_working, day.weekday < 6) as is_working_day
    from day
    left join {{ ref('kz_calendar_exceptions') }} as exceptions on day.date_day = exceptions.date
)

select
    judged.date_day,
    {{ period_of('judged.date_day') }} as period,
    cast(extract(year from judged.date_day) as integer) as year,
    cast(extract(month from judged.date_day) as integer) as month,
    judged.weekday,
    judged.is_working_day,
    cast(
        sum(case when judged.is_working_day then 1 else 0 end)
            over (order by judged.date_day rows between unbounded preceding and current row)
        as bigint
    ) as working_day_number,
    extract(day from {{ add_days('judged.date_day', 1) }}) = 1 as is_month_end
from judged
