{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='encounter_id',
    pre_hook=["{{ forget_vanished('stg_ops__encounter', 'encounter_id') }}"],
    indexes=[{'columns': ['encounter_id'], 'unique': true}, {'columns': ['period', 'organization_id']}]
) }}

{#- read only by later builds and by the hook -#}
-- depends_on: {{ ref('stg_ops__encounter') }}
-- depends_on: {{ ref('stg_ops__tombstone') }}
-- depends_on: {{ ref('stg_ops__organization') }}
{% if is_incremental() -%}
with changed as (
    {{ changed_events(ref('stg_ops__encounter'), 'encounter_id') }}
)
{%- endif %}

select
    visits.encounter_id,
    visits.patient_key,
    visits.organization_id as node_id,
    node.region_id,
    coalesce(node.facility_id, visits.organization_id) as organization_id,
    visits.site_id,
    node.is_external,
    visits.practitioner_code,
    person.sex,
    {{ age_group('visits.age_at_event') }} as age_group,
    visits.encounter_class,
    visits.purpose,
    visits.evidence_grade,
    visits.event_date,
    {{ period_of('visits.event_date') }} as period,
    case
        when visits.is_entered_in_error then 'entered_in_error'
        when visits.status <> 'finished' then 'not_finished'
        when visits.encounter_class not in ('ambulatory', 'home', 'virtual') then 'not_a_visit'
        when visits.disposition = 'nobody_home' then 'nobody_home'
        when person.death_date < visits.event_date then 'after_death'
        -- a facility that does not use this installation reports for itself
        when node.is_external then 'external_facility'
    end as excluded_because,
    visits.extracted_at as row_version_at,
    person.version_at as person_version_at
from {{ ref('fct_encounter') }} as visits
left join {{ ref('int_person') }} as person on visits.patient_key = person.record_key
left join {{ ref('dim_organization') }} as node on visits.organization_id = node.organization_id
{%- if is_incremental() %}
where visits.encounter_id in (select changed.encounter_id from changed)
{%- else %}
-- rows of a month lie together, so that a question about a month reads only them
order by visits.event_date, visits.encounter_id
{%- endif %}
