{% macro lake_rows(table) -%}
    {%- if target.type == 'duckdb' -%}
        read_parquet('{{ var("lake_path") }}/{{ table }}/*.parquet', union_by_name = true)
    {%- else -%}
        raw.{{ table }}
    {%- endif -%}
{%- endmacro %}
