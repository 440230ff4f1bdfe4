{#- Five-year age groups as text that sorts. -#}
{% macro age_group(age) -%}
    case
        when {{ age }} is null or {{ age }} < 0 then 'unknown'
        {%- for first in range(0, 85, 5) %}
        when {{ age }} <= {{ first + 4 }} then '{{ '%02d-%02d' % (first, first + 4) }}'
        {%- endfor %}
        else '85+'
    end
{%- endmacro %}

{#- Full years at the end of a month; the month of birth is all the warehouse knows. -#}
{% macro age_at_month_end(birth_month, date) -%}
    cast(floor((
        (extract(year from {{ date }}) - extract(year from {{ birth_month }})) * 12
        + extract(month from {{ date }}) - extract(month from {{ birth_month }})
    ) / 12.0) as integer)
{%- endmacro %}

{#- Completed weeks from one date to another. -#}
{% macro weeks_between(first_date, second_date) -%}
    cast(floor({{ days_between(first_date, second_date) }} / 7.0) as integer)
{%- endmacro %}
