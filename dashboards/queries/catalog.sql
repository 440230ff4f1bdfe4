select * from indicators.catalog order by code
