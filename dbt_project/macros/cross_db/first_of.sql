{#- Aggregate: the value of an expression in the row that comes first by another expression. -#}
{% macro first_of(expression, order_by) -%}
    {{ return(adapter.dispatch('first_of')(expression, order_by)) }}
{%- endmacro %}

{% macro default__first_of(expression, order_by) -%}
    (array_agg({{ expression }} order by {{ order_by }}))[1]
{%- endmacro %}
