{#- Whether a list of codes, written with commas, holds a code. -#}
{% macro list_contains(codes, code) -%}
    {{ return(adapter.dispatch('list_contains')(codes, code)) }}
{%- endmacro %}

{% macro default__list_contains(codes, code) -%}
    (strpos(',' || {{ codes }} || ',', ',' || {{ code }} || ',') > 0)
{%- endmacro %}
