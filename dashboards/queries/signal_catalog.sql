select * from signals.catalog order by code
