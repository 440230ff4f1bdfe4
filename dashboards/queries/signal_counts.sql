-- A figure of this table is a count of the rows that `signal_cases` lists.
select
    signal_code,
    count(*) filter (where state = 'open') as open,
    count(*) filter (where state = 'open' and due_at < now()) as overdue,
    count(*) filter (where state = 'closed') as closed
from own_signal
where ($region is null or coalesce(region_id, 0) = $region)
    and ($organization is null or coalesce(organization_id, 0) = $organization)
    and ($site is null or coalesce(site_id, 0) = $site)
group by signal_code
order by signal_code
