{#-
Tables of DuckDB are built in a file that nobody reads before it is published, and a changed project or view is built
anew: so nothing has to be swapped behind a reader, and what a later build makes has the columns that are there. The
adapter's own materializations ask the catalogue a dozen times a model to be prepared for both, which is most of what a
small increment costs.
-#}
{% materialization table, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- set is_checked = existing is not none and existing.is_table and not should_full_refresh() -%}
    {%- call statement('main') -%}
        {{ replaced_table(table, compiled_code, is_checked) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}

{% materialization incremental, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set is_continued = existing is not none and existing.is_table and not should_full_refresh() -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if is_continued -%}
        {%- call statement('main') -%}
            {{ replaced_rows(table, compiled_code, config.require('unique_key')) }}
        {%- endcall -%}
    {%- else -%}
        {%- if existing is not none and not existing.is_table -%}
            {%- do adapter.drop_relation(existing) -%}
        {%- endif -%}
        {%- call statement('main') -%}
            {{ replaced_table(table, compiled_code, false) }}
        {%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}

{#- The whole table anew; a contract is compared with the query only when the table is first made. -#}
{% macro replaced_table(table, sql, is_checked) -%}
    {%- if config.get('contract').enforced -%}
        {%- if not is_checked -%}
            {{ get_assert_columns_equivalent(sql) }}
        {%- endif -%}
        create or replace table {{ table }} {{ get_table_columns_and_constraints() }};
        insert into {{ table }} {{ get_column_names() }} ({{ get_select_subquery(sql) }})
    {%- else -%}
        create or replace table {{ table }} as ({{ sql }})
    {%- endif -%}
{%- endmacro %}

{#- Rows of the query in place of those with their keys. -#}
{% macro replaced_rows(table, sql, key) -%}
    {%- set fresh = table.identifier ~ '__fresh' -%}
    create or replace temporary table {{ fresh }} as ({{ sql }});
    delete from {{ table }} where {{ key }} in (select fresh.{{ key }} from {{ fresh }} as fresh);
    insert into {{ table }} by name select * from {{ fresh }};
    drop table {{ fresh }}
{%- endmacro %}
