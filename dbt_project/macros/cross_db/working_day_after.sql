{#-
The date so many working days after a date: a person told on Saturday has all of Monday for one working day.
-#}
{% macro working_day_after(date, days) -%}
    {{ return(adapter.dispatch('working_day_after')(date, days)) }}
{%- endmacro %}

{% macro default__working_day_after(date, days) -%}
    (
        select min(due.date_day)
        from {{ ref('dim_date') }} as due
        inner join {{ ref('dim_date') }} as told
            on due.working_day_number = told.working_day_number + {{ days }} and told.date_day = {{ date }}
        where due.is_working_day
    )
{%- endmacro %}
