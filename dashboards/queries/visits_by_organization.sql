-- Who sent anything in the period: a facility without a row is silent, not zero.
select organization_id, count(*) as visits
from own_figure
where indicator_code = 'visit_structure' and period = $period
group by organization_id
