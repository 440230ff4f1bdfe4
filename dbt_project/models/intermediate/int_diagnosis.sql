{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='condition_id',
    pre_hook=["{{ forget_vanished('stg_ops__condition', 'condition_id') }}"],
    indexes=[{'columns': ['condition_id'], 'unique': true}, {'columns': ['period', 'organization_id']}]
) }}

{#- read only by later builds and by the hook -#}
-- depends_on: {{ ref('stg_ops__condition') }}
-- depends_on: {{ ref('stg_ops__tombstone') }}
-- depends_on: {{ ref('stg_ops__organization') }}
-- Whether a diagnosis is a case of its own depends on the person's other diagnoses of its category, so they are
-- worked out again together.
with
{%- if is_incremental() %}
{%- set newest = newest_extraction(this, 'row_version_at') %}
changed as (
    {{ changed_people([ref('stg_ops__condition'), ref('stg_ops__encounter')], 'condition_id') }}
),

changed_as_a_whole as (
    {{- people_changed_as_a_whole(ref('stg_ops__condition'), 'condition_id') }}
),

of_changed as (
    select conditions.*
    from {{ ref('fct_condition') }} as conditions
    where conditions.patient_key in (select changed.patient_key from changed)
),

touched as (
    select
        conditions.patient_key,
        coalesce(substr(conditions.icd10, 1, 3), '') as category
    from of_changed as conditions
    where
        conditions.extracted_at > {{ newest }}
        or conditions.encounter_id in (
            select encounters.encounter_id
            from {{ ref('stg_ops__encounter') }} as encounters
            where encounters.extracted_at > {{ newest }}
        )
    union
    -- the category that a corrected diagnosis has left
    select
        built.patient_key,
        coalesce(substr(built.icd10, 1, 3), '') as category
    from {{ this }} as built
    where
        built.condition_id in (
            select conditions.condition_id
            from {{ ref('stg_ops__condition') }} as conditions
            where conditions.extracted_at > {{ newest }}
        )
),
{%- endif %}

diagnosis as (
    select
        conditions.condition_id,
        conditions.encounter_id,
        conditions.patient_key,
        conditions.organization_id as node_id,
        conditions.practitioner_code,
        conditions.icd10,
        substr(conditions.icd10, 1, 3) as category,
        conditions.diagnosis_character,
        conditions.evidence_grade,
        conditions.event_at,
        conditions.event_date,
        conditions.age_at_event,
        conditions.extracted_at,
        case
            when conditions.is_entered_in_error then 'entered_in_error'
            when conditions.icd10 is null then 'unmapped_code'
            when conditions.diagnosis_kind <> 'final' then 'not_final'
            when conditions.diagnosis_type = 'complication' then 'complication'
        end as unfit_because
    from {{ 'of_changed' if is_incremental() else ref('fct_condition') }} as conditions
    {%- if is_incremental() %}
    where
        conditions.patient_key in (select whole.patient_key from changed_as_a_whole as whole)
        or exists (
            select 1
            from touched
            where
                conditions.patient_key = touched.patient_key
                and coalesce(substr(conditions.icd10, 1, 3), '') = touched.category
        )
    {%- endif %}
),

ordered as (
    select
        diagnosis.*,
        lag(diagnosis.event_date) over (
            partition by
                diagnosis.patient_key,
                diagnosis.category,
                diagnosis.unfit_because is null,
                coalesce(diagnosis.diagnosis_character = 'acute', false)
            order by diagnosis.event_at, diagnosis.condition_id
        ) as previous_date
    from diagnosis
),

judged as (
    select
        ordered.*,
        case
            when ordered.unfit_because is not null then ordered.unfit_because
            -- an acute illness seen again within two weeks is one case
            when
                ordered.diagnosis_character = 'acute'
                and {{ days_between('ordered.previous_date', 'ordered.event_date') }} <= 14
                then 'same_case'
            when
                coalesce(ordered.diagnosis_character, 'none') <> 'acute'
                and extract(year from ordered.previous_date) = extract(year from ordered.event_date)
                then 'repeat_in_year'
        end as excluded_because
    from ordered
)

select
    judged.condition_id,
    judged.encounter_id,
    judged.patient_key,
    judged.node_id,
    node.region_id,
    coalesce(node.facility_id, judged.node_id) as organization_id,
    encounters.site_id,
    node.is_external,
    judged.practitioner_code,
    person.sex,
    {{ age_group('judged.age_at_event') }} as age_group,
    judged.icd10,
    coalesce(blocks.block, judged.category, 'unmapped') as icd10_block,
    judged.diagnosis_character,
    judged.evidence_grade,
    judged.event_date,
    {{ period_of('judged.event_date') }} as period,
    case
        when judged.excluded_because is null and node.is_external then 'external_facility'
        else judged.excluded_because
    end as excluded_because,
    judged.excluded_because is null and not coalesce(node.is_external, false) and (
        coalesce(judged.diagnosis_character in ('acute', 'chronic_new'), false)
        or (judged.diagnosis_character is null and judged.previous_date is null)
    ) as is_new,
    greatest(judged.extracted_at, coalesce(encounters.extracted_at, judged.extracted_at)) as row_version_at,
    person.version_at as person_version_at
from judged
left join {{ ref('stg_ops__encounter') }} as encounters on judged.encounter_id = encounters.encounter_id
left join {{ ref('int_person') }} as person on judged.patient_key = person.record_key
left join {{ ref('dim_organization') }} as node on judged.node_id = node.organization_id
left join {{ ref('icd10_category') }} as blocks on judged.category = blocks.category
{%- if not is_incremental() %}
order by judged.event_date, judged.condition_id
{%- endif %}
