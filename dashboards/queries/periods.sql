-- Newest first; an indicator without cases has none.
select distinct period from own_count where indicator_code = $code order by period desc
