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
    union
    select built.{{ key }}
    from {{ this }} as built
    inner join ({{ moved_nodes() }}) as moved on built.node_id = moved.node_id
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
    select person.patient_key
    from {{ ref('int_person') }} as person
    where person.version_at > {{ newest_extraction(this, 'person_version_at') }}
    union
    select built.patient_key
    from {{ this }} as built
    inner join ({{ moved_nodes() }}) as moved on built.node_id = moved.node_id
    {%- if people_were_destroyed() %}
    union
    select person.patient_key
    from {{ this }} as built
    inner join {{ ref('stg_ops__tombstone') }} as gone on built.patient_key = gone.patient_key
    inner join {{ sources[0] }} as events on built.{{ key }} = events.{{ key }}
    inner join {{ ref('int_person') }} as person on events.patient_key = person.record_key
    {%- endif %}
{%- endmacro %}

{#- Whether a tombstone arrived that the built table has not seen. -#}
{% macro people_were_destroyed() -%}
    {%- if not execute -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set answer = run_query(
        "select count(*) from " ~ ref('stg_ops__tombstone') ~ " as gone where gone.extracted_at > "
        ~ newest_extraction(this, 'row_version_at')
    ) -%}
    {{ return(answer.columns[0].values()[0] > 0) }}
{%- endmacro %}

{#- After a later build: events that left staging with a destroyed person leave this table too. -#}
{% macro forget_vanished(staging, key) -%}
{%- if is_incremental() and people_were_destroyed() -%}
    delete from {{ this }}
    where {{ key }} not in (select events.{{ key }} from {{ ref(staging) }} as events)
{%- endif -%}
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
