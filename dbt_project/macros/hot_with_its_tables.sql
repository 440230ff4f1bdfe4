{#- Tags of a view: PostgreSQL drops it with the hot tables it reads, so there it is made again with them. -#}
{% macro hot_with_its_tables() -%}
    {{ return(['hot'] if target.type == 'postgres' else []) }}
{%- endmacro %}
