{#- A moment as text in UTC, to the second: 2026-11-20T12:00:00Z. -#}
{% macro iso_moment(moment) -%}
    {{ return(adapter.dispatch('iso_moment')(moment)) }}
{%- endmacro %}

{% macro default__iso_moment(moment) -%}
    to_char({{ moment }} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
{%- endmacro %}

{% macro duckdb__iso_moment(moment) -%}
    strftime({{ moment }} at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')
{%- endmacro %}
