{#- Every date from the first to the last, as relation days(date_day). -#}
{% macro date_series(first_date, last_date) -%}
    {{ return(adapter.dispatch('date_series')(first_date, last_date)) }}
{%- endmacro %}

{% macro default__date_series(first_date, last_date) -%}
    (
        select cast(series.moment as date) as date_day
        from generate_series(
            cast('{{ first_date }}' as timestamp), cast('{{ last_date }}' as timestamp), interval '1 day'
        ) as series (moment)
    )
{%- endmacro %}
