-- Every indicator in its newest month within the scope.
with newest as (
    select indicator_code, max(period) as period
    from own_count
    group by indicator_code
)

select
    own_count.indicator_code,
    own_count.period,
    sum(own_count.numerator)::bigint as numerator,
    sum(own_count.denominator)::bigint as denominator
from own_count
inner join newest on own_count.indicator_code = newest.indicator_code and own_count.period = newest.period
where ($region is null or coalesce(own_count.region_id, 0) = $region)
    and ($organization is null or coalesce(own_count.organization_id, 0) = $organization)
    and ($site is null or coalesce(own_count.site_id, 0) = $site)
group by own_count.indicator_code, own_count.period
order by own_count.indicator_code
