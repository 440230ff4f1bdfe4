{#- The calendar date in Kazakhstan at a moment. Only the clock asks: every event brings its date from the gate. -#}
{% macro local_date(moment) -%}
    {{ return(adapter.dispatch('local_date')(moment)) }}
{%- endmacro %}

{% macro default__local_date(moment) -%}
    cast({{ moment }} at time zone 'Asia/Almaty' as date)
{%- endmacro %}
