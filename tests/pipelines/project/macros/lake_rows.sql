{% macro lake_rows(table) -%}
    {#- named on every engine: an increment follows what reads a table with news -#}
    {%- set relation = source('lake', table) -%}
    {%- if target.type == 'duckdb' -%}
        read_parquet('{{ var("lake_path") }}/{{ table }}/*.parquet', union_by_name = true)
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
