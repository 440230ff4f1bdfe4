{#-
Incremental tables that copy attributes of a person or of the organisation tree into each event row rebuild
a row when its own version, its person or its place in the tree changed since they were built. The table
itself says what it has seen: row_version_at, person_version_at and the node its places were copied from.
All tables of one extraction carry one extracted_at, so one moment bounds what was seen of every table.
-#}
{% macro changed_events(events, key) -%}
    select events.{{ key }}
    from {{ events }} as events
    where events.extracted_at > {{ newest_extraction(this, 'row_version_at') }}
    union
    select events.{{ key }}
    from {{ events }} as events
    inner join {{ ref('int_person') }} as person on events.patient_key = person.record_key
    where person.version_at > {{ newest_extraction(this, 'person_version_at') }}
    {%- if places_changed() %}
    union
    select built.{{ key }}
    from {{ this }} as built
    inner join ({{ moved_nodes() }}) as moved on built.node_id = moved.node_id
    {%- endif %}
    {%- if people_were_destroyed() %}
    union
    select built.{{ key }}
    from {{ this }} as built
    inner join {{ ref('stg_ops__tombstone') }} as gone on built.patient_key = gone.patient_key
    {%- endif %}
{%- endmacro %}

{#- The same by person, for rows that depend on the person's other rows. -#}
{% macro changed_people(sources, key) -%}
    {%- set row_version = newest_extraction(this, 'row_version_at') -%}
    {%- for events in sources %}
    select person.patient_key
    from {{ events }} as events
    inner join {{ ref('int_person') }} as person on events.patient_key = person.record_key
    where events.extracted_at > {{ row_version }}
    union
    {%- endfor %}
    {{- people_changed_as_a_whole(sources[0], key) }}
{%- endmacro %}

{#- Those of them whose every row changed: the person, a place where something happened, a destruction. -#}
{% macro people_changed_as_a_whole(events, key) %}
    select person.patient_key
    from {{ ref('int_person') }} as person
    where person.version_at > {{ newest_extraction(this, 'person_version_at') }}
    {%- if places_changed() %}
    union
    select built.patient_key
    from {{ this }} as built
    inner join ({{ moved_nodes() }}) as moved on built.node_id = moved.node_id
    {%- endif %}
    {%- if people_were_destroyed() %}
    union
    select person.patient_key
    from {{ this }} as built
    inner join {{ ref('stg_ops__tombstone') }} as gone on built.patient_key = gone.patient_key
    inner join {{ events }} as events on built.{{ key }} = events.{{ key }}
    inner join {{ ref('int_person') }} as person on events.patient_key = person.record_key
    {%- endif %}
{%- endmacro %}

{#-
Tables of rows by person that no single event makes: a person with any news in the sources is worked out again as a
whole. Each row says in version_at which extraction its build had seen.
-#}
{% macro people_with_news(sources) -%}
    {%- set seen = newest_extraction(this, 'version_at') -%}
    {%- for events in sources %}
    select person.patient_key
    from {{ ref(events) }} as events
    inner join {{ ref('int_person') }} as person on events.patient_key = person.record_key
    where events.extracted_at > {{ seen }}
    union
    {%- endfor %}
    select person.patient_key
    from {{ ref('int_person') }} as person
    where person.version_at > {{ seen }}
{%- endmacro %}

{#- Further condition of a part of such a table: a later build reads the people with news alone. -#}
{% macro of_news(relation, is_continued) -%}
    {%- if is_continued %}
        and {{ relation }}.patient_key in (select news.patient_key from news)
    {%- endif -%}
{%- endmacro %}

{#- The newest extraction that a build from these sources has seen. -#}
{% macro seen_of(sources) -%}
    (
        select max(newest.extracted_at)
        from (
            {%- for events in sources %}
            select max(events.extracted_at) as extracted_at from {{ ref(events) }} as events
            union all
            {%- endfor %}
            select max(person.version_at) as extracted_at from {{ ref('int_person') }} as person
        ) as newest
    )
{%- endmacro %}

{#- Before a later build: rows go of whoever has news, was merged away or destroyed; all of them when all are made anew. -#}
{% macro forget_people_with_news(sources, is_anew) -%}
{%- if is_incremental() -%}
    delete from {{ this }}
    {%- if not is_anew %}
    where
        patient_key in ({{ people_with_news(sources) }})
        or patient_key not in (
            select person.record_key from {{ ref('int_person') }} as person where person.is_current
        )
    {%- endif %}
{%- endif -%}
{%- endmacro %}

{#- Whether a table by person and year must be made anew: another year is counted, or the tree of organisations changed. -#}
{% macro years_or_places_changed() -%}
    {%- if not execute or not is_incremental() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set answer = run_query(
        "select (select count(*) from " ~ ref('stg_ops__organization') ~ " as node where node.extracted_at > "
        ~ newest_extraction(this, 'version_at') ~ ") + (select count(*) from (select year from " ~ this
        ~ " except select year from " ~ ref('int_period') ~ ") as gone) + (select count(*) from (select year from "
        ~ ref('int_period') ~ " except select year from " ~ this ~ ") as added)"
    ) -%}
    {{ return(answer.columns[0].values()[0] > 0) }}
{%- endmacro %}

{#- Whether a table of staging has rows that the built table has not seen. -#}
{% macro has_news(relation) -%}
    {%- if not execute -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set answer = run_query(
        "select count(*) from " ~ relation ~ " as news where news.extracted_at > "
        ~ newest_extraction(this, 'row_version_at')
    ) -%}
    {{ return(answer.columns[0].values()[0] > 0) }}
{%- endmacro %}

{#- Whether a tombstone arrived that the built table has not seen. -#}
{% macro people_were_destroyed() -%}
    {{ return(has_news(ref('stg_ops__tombstone'))) }}
{%- endmacro %}

{#- After a later build: events that left staging with a destroyed person leave this table too. -#}
{% macro forget_vanished(staging, key) -%}
{%- if is_incremental() and people_were_destroyed() -%}
    delete from {{ this }}
    where {{ key }} not in (select events.{{ key }} from {{ ref(staging) }} as events)
{%- endif -%}
{%- endmacro %}

{#- Whether the tree has news that the built table has not seen: to compare its rows with the tree reads all of them. -#}
{% macro places_changed() -%}
    {{ return(has_news(ref('stg_ops__organization'))) }}
{%- endmacro %}

{#- Nodes whose place in the tree differs from the one copied into the built rows. -#}
{% macro moved_nodes() -%}
    select distinct copied.node_id
    from (
        select distinct built.node_id, built.region_id, built.organization_id, built.is_external from {{ this }} as built
    ) as copied
    inner join {{ ref('dim_organization') }} as node on copied.node_id = node.organization_id
    where
        copied.region_id is distinct from node.region_id
        or copied.organization_id is distinct from coalesce(node.facility_id, node.organization_id)
        or copied.is_external is distinct from node.is_external
{%- endmacro %}
