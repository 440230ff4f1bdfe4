-- Who sent anything in the period: a facility without a row is silent, not zero.
select distinct organization_id
from own_count
where indicator_code = 'visit_structure' and period = $period
