{#- A moment so many hours later; hours, because a day is not always 24 of them for an engine. -#}
{% macro add_hours(moment, hours) -%}
    {{ return(adapter.dispatch('add_hours')(moment, hours)) }}
{%- endmacro %}

{% macro default__add_hours(moment, hours) -%}
    ({{ moment }} + ({{ hours }}) * interval '1 hour')
{%- endmacro %}
