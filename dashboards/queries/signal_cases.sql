-- The most urgent first: open before closed, late before due, red before amber.
select case_id, signal_code, severity, state, organization_id, site_id, known_at, due_at, next_step, evidence,
    closed_at, closed_by,
    state = 'open' and due_at < now() as is_late,
    date_diff('day', known_at::timestamp, coalesce(closed_at, now())::timestamp) as days_open
from own_signal_case
where ($signal is null or signal_code = $signal)
    and case $state
        when 'open' then state = 'open'
        when 'overdue' then state = 'open' and due_at < now()
        when 'closed' then state = 'closed'
        else true
    end
    and ($region is null or coalesce(region_id, 0) = $region)
    and ($organization is null or coalesce(organization_id, 0) = $organization)
    and ($site is null or coalesce(site_id, 0) = $site)
order by state desc, is_late desc, severity desc, due_at, case_id
limit $size offset $start
