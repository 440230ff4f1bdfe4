{#- Aggregate: texts in the given order with commas between. -#}
{% macro joined_text(expression, order_by) -%}
    {{ return(adapter.dispatch('joined_text')(expression, order_by)) }}
{%- endmacro %}

{% macro default__joined_text(expression, order_by) -%}
    string_agg({{ expression }}, ',' order by {{ order_by }})
{%- endmacro %}
