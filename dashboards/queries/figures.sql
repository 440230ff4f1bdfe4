-- One row a unit: every figure is the number of rows that `cases` lists for the same unit.
-- Cases without a site (or a practitioner) are a unit of their own, 0 (or '-'), so that the units add up.
select
    case $unit
        when 'region' then coalesce(region_id, 0)
        when 'organization' then coalesce(organization_id, 0)
        when 'site' then coalesce(site_id, 0)
    end as unit_id,
    case when $unit = 'practitioner' then coalesce(practitioner_code, '-') end as practitioner_code,
    sum(numerator)::bigint as numerator,
    sum(denominator)::bigint as denominator
from own_count
where indicator_code = $code
    and period = $period
    and ($region is null or coalesce(region_id, 0) = $region)
    and ($organization is null or coalesce(organization_id, 0) = $organization)
    and ($site is null or coalesce(site_id, 0) = $site)
group by all
order by unit_id, practitioner_code
