select
    period,
    sum(numerator)::bigint as numerator,
    sum(denominator)::bigint as denominator,
    sum(excluded)::bigint as excluded
from own_count
where indicator_code = $code
    and ($region is null or coalesce(region_id, 0) = $region)
    and ($organization is null or coalesce(organization_id, 0) = $organization)
    and ($site is null or coalesce(site_id, 0) = $site)
    and ($practitioner is null or coalesce(practitioner_code, '-') = $practitioner)
group by period
order by period
