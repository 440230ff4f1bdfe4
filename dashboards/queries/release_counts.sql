-- What a released table of an indicator counts: disjoint people or events at the finest place.
select
    region_id,
    organization_id,
    site_id,
    coalesce(dimension, '-') as category,
    count(*) filter (where in_numerator) as numerator,
    count(*) filter (where in_denominator and not in_numerator) as rest
from own_figure
where indicator_code = $code and period = $period
group by region_id, organization_id, site_id, category
having count(*) filter (where in_denominator) > 0
order by region_id, organization_id, site_id, category
