{#- The month a date belongs to, as YYYY-MM. -#}
{% macro period_of(date) -%}
    {{ return(adapter.dispatch('period_of')(date)) }}
{%- endmacro %}

{% macro default__period_of(date) -%}
    substr(cast({{ date }} as text), 1, 7)
{%- endmacro %}
