select excluded_because, count(*) as people
from own_figure
where indicator_code = $code
    and period = $period
    and excluded_because is not null
    and ($region is null or coalesce(region_id, 0) = $region)
    and ($organization is null or coalesce(organization_id, 0) = $organization)
    and ($site is null or coalesce(site_id, 0) = $site)
    and ($practitioner is null or coalesce(practitioner_code, '-') = $practitioner)
group by excluded_because
order by people desc, excluded_because
