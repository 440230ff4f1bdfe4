-- One row a category of the dimension asked for.
select
    case $by when 'age' then age_group when 'sex' then sex else dimension end as category,
    count(*) filter (where in_numerator) as numerator,
    count(*) filter (where in_denominator) as denominator
from own_figure
where indicator_code = $code
    and period = $period
    and ($region is null or coalesce(region_id, 0) = $region)
    and ($organization is null or coalesce(organization_id, 0) = $organization)
    and ($site is null or coalesce(site_id, 0) = $site)
    and ($practitioner is null or coalesce(practitioner_code, '-') = $practitioner)
group by category
order by category
