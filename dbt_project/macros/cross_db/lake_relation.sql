{#- All row versions of a table of the lake, in the form the engine reads. -#}
{% macro lake_relation(table) -%}
    {#- the source is named on every engine, so that lineage shows the extracted table -#}
    {%- set relation = source('lake', table) -%}
    {%- set rows = adapter.dispatch('lake_relation')(table, relation) -%}
    {%- if var('lake_until') -%}
        {%- set rows = "(select * from " ~ rows ~ " as seen where seen.extracted_at <= "
            ~ moment(var('lake_until')) ~ ")" -%}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}

{% macro default__lake_relation(table, relation) -%}
    {%- if execute and adapter.get_relation(relation.database, relation.schema, relation.identifier) is none -%}
        {{ return(no_rows(table)) }}
    {%- endif -%}
    {{ return(relation | string) }}
{%- endmacro %}

{% macro duckdb__lake_relation(table, relation) -%}
    {%- set files = "'" ~ (var('lake_path') ~ '/' ~ table ~ '/*.parquet') | replace("'", "''") ~ "'" -%}
    {%- if execute and run_query("select count(*) from glob(" ~ files ~ ")").columns[0].values()[0] == 0 -%}
        {{ return(no_rows(table)) }}
    {%- endif -%}
    {{ return("read_parquet(" ~ files ~ ", union_by_name = true)") }}
{%- endmacro %}

{#- A table nobody extracted yet has the declared columns and no rows. -#}
{% macro no_rows(table) -%}
    {%- set columns = [] -%}
    {%- for column in graph.sources['source.' ~ project_name ~ '.lake.' ~ table].columns.values() -%}
        {%- do columns.append("cast(null as " ~ column.data_type ~ ") as " ~ column.name) -%}
    {%- endfor -%}
    {{ return("(select " ~ columns | join(', ') ~ " where false)") }}
{%- endmacro %}
