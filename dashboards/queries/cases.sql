-- The rows behind a figure; personal data, so the scope for cases applies.
select case_id, event_date, dimension, sex, age_group, practitioner_code, excluded_because, evidence
from own_case
where indicator_code = $code
    and period = $period
    and case $rows
        when 'numerator' then in_numerator
        when 'denominator' then in_denominator
        when 'rest' then in_denominator and not in_numerator
        else excluded_because is not null
    end
    and ($region is null or coalesce(region_id, 0) = $region)
    and ($organization is null or coalesce(organization_id, 0) = $organization)
    and ($site is null or coalesce(site_id, 0) = $site)
    and ($practitioner is null or coalesce(practitioner_code, '-') = $practitioner)
order by event_date, case_id
limit $size offset $start
