{#- A reference finds its row; asked of the rows the newest extraction brought, like key_in_newest. -#}
{% test relates_in_newest(model, column_name, to, field) %}

select fresh.{{ column_name }}
from {{ model }} as fresh
left join {{ to }} as referred on referred.{{ field }} = fresh.{{ column_name }}
where fresh.{{ column_name }} is not null
    and referred.{{ field }} is null
    and fresh.extracted_at = (select max(newest.extracted_at) from {{ model }} as newest)

{% endtest %}
