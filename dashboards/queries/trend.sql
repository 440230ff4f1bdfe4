select
    period,
    count(*) filter (where in_numerator) as numerator,
    count(*) filter (where in_denominator) as denominator,
    count(*) filter (where excluded_because is not null) as excluded
from own_figure
where indicator_code = $code
    and ($region is null or coalesce(region_id, 0) = $region)
    and ($organization is null or coalesce(organization_id, 0) = $organization)
    and ($site is null or coalesce(site_id, 0) = $site)
    and ($practitioner is null or coalesce(practitioner_code, '-') = $practitioner)
group by period
order by period
