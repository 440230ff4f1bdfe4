{#- A literal point in time; every moment in the project is UTC. -#}
{% macro moment(text) -%}
    {{ return(adapter.dispatch('moment')(text)) }}
{%- endmacro %}

{% macro default__moment(text) -%}
    {{ return("cast('" ~ text ~ "' as timestamp with time zone)") }}
{%- endmacro %}
