{#-
The newest version of every row of a lake table: greatest row_xid, then greatest extracted_at.

A full build ranks only keys that occur more than once; everything else streams through once. A later
build reads what was extracted since (a literal, so that Parquet statistics skip the older files) and
takes a version unless a newer one is already there. Rows of destroyed people are left out.

key: the key column in the lake; the model's unique_key is its name in staging.
people: the columns that hold a person's pseudonym.
-#}
{% macro newest_versions(table, key='id', people=[]) -%}
{%- set lake = lake_relation(table) -%}
{%- if is_incremental() -%}
(
    select fresh.*
    from (
        select
            versions.*,
            row_number() over (
                partition by versions.{{ key }} order by versions.row_xid desc, versions.extracted_at desc
            ) as version_rank
        from {{ lake }} as versions
        where versions.extracted_at > {{ newest_extraction(this) }}
    ) as fresh
    left join {{ this }} as known on known.{{ config.get('unique_key') }} = fresh.{{ key }}
    where fresh.version_rank = 1
        and (known.row_xid is null or known.row_xid <= fresh.row_xid)
        {{- not_destroyed('fresh', people) }}
)
{%- else -%}
(
    select versions.*
    from {{ lake }} as versions
    left join (
        select ranked.version_key, ranked.row_xid, ranked.extracted_at
        from (
            select
                again.{{ key }} as version_key,
                again.row_xid,
                again.extracted_at,
                row_number() over (
                    partition by again.{{ key }} order by again.row_xid desc, again.extracted_at desc
                ) as version_rank
            from {{ lake }} as again
            where again.{{ key }} in (
                select counted.{{ key }} from {{ lake }} as counted group by counted.{{ key }} having count(*) > 1
            )
        ) as ranked
        where ranked.version_rank = 1
    ) as newest on newest.version_key = versions.{{ key }}
    where (
            newest.version_key is null
            or (newest.row_xid = versions.row_xid and newest.extracted_at = versions.extracted_at)
        )
        {{- not_destroyed('versions', people) }}
)
{%- endif -%}
{%- endmacro %}

{#-
A first build lays the rows of a day together, so that a list of the last months reads only them; later rows arrive in
that order by themselves.
-#}
{% macro in_order_of_days() -%}
{%- if not is_incremental() %}order by versions.event_date{% endif -%}
{%- endmacro %}

{#- The newest extraction a built table has seen, as a literal. -#}
{% macro newest_extraction(relation, column='extracted_at') -%}
    {%- set newest = none -%}
    {%- if execute -%}
        {%- set answer = run_query("select cast(max(" ~ column ~ ") as text) from " ~ relation) -%}
        {%- set newest = answer.columns[0].values()[0] -%}
    {%- endif -%}
    {{ return(moment(newest or '1970-01-01 00:00:00+00')) }}
{%- endmacro %}

{#- Condition: none of the people of a row asked for destruction. -#}
{% macro not_destroyed(alias, people) -%}
{%- for person in people %}
        and not exists (
            select 1 from {{ ref('stg_ops__tombstone') }} as gone where gone.patient_key = {{ alias }}.{{ person }}
        )
{%- endfor -%}
{%- endmacro %}

{#- After an incremental build: rows of people whose data were destroyed since go, whatever version they have. -#}
{% macro forget_destroyed(person='patient_key') -%}
{%- if is_incremental() -%}
    delete from {{ this }}
    where {{ person }} in (select gone.patient_key from {{ ref('stg_ops__tombstone') }} as gone)
{%- endif -%}
{%- endmacro %}
