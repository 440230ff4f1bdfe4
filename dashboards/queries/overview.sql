-- Every indicator in its newest month within the scope.
with newest as (
    select indicator_code, max(period) as period
    from own_figure
    group by indicator_code
)

select
    own_figure.indicator_code,
    own_figure.period,
    count(*) filter (where own_figure.in_numerator) as numerator,
    count(*) filter (where own_figure.in_denominator) as denominator
from own_figure
inner join newest on own_figure.indicator_code = newest.indicator_code and own_figure.period = newest.period
where ($region is null or coalesce(own_figure.region_id, 0) = $region)
    and ($organization is null or coalesce(own_figure.organization_id, 0) = $organization)
    and ($site is null or coalesce(own_figure.site_id, 0) = $site)
group by own_figure.indicator_code, own_figure.period
order by own_figure.indicator_code
