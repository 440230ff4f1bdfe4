{#-
A key is there and occurs once, asked only of the rows the newest extraction brought: after a first load that is
every row, after one more day it is that day, so that the test costs what the build cost. It stands on the table
that keeps the rows: a view of facts asks for the person of every row before it can tell its newest.
-#}
{% test key_in_newest(model, column_name) %}

select known.{{ column_name }}
from {{ model }} as known
where
    known.{{ column_name }} is null
    or known.{{ column_name }} in (
        select fresh.{{ column_name }}
        from {{ model }} as fresh
        where fresh.extracted_at = (select max(newest.extracted_at) from {{ model }} as newest)
    )
group by known.{{ column_name }}
having count(*) > 1 or known.{{ column_name }} is null

{% endtest %}
