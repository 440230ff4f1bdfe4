{#- Candidates of a signal about discharges with certain main diagnoses, among the people served. -#}
{% macro discharged_with(signal_code, events=none) -%}
    select
        'encounter:' || cast(discharge.discharge_encounter_id as text) as event_key,
        discharge.patient_key,
        discharge.event_at,
        discharge.known_at,
        discharge.event_at as since_at,
        {{ plain_clock('discharge.known_at', 'discharge.known_date') }},
        discharge.rule_version,
        'served' as population,
        'all' as groups,
        person.owner_region_id as region_id,
        person.owner_organization_id as organization_id,
        person.owner_site_id as site_id,
        person.death_known_at as ended_at,
        case when person.death_known_at is not null then 'death' end as ended_by,
        {{ json_object([
            ('icd10', 'discharge.icd10', 'text'),
            ('discharge_date', 'discharge.event_date', 'date'),
            ('known_date', 'discharge.known_date', 'date'),
            ('facility', 'discharge.facility_id', 'number'),
            ('owner_basis', 'person.owner_basis', 'text'),
        ]) }} as about
    from (
    {{ with_diagnosis(signal_code, events or ref('int_discharge_diagnosis'), 'discharge_encounter_id') }}
    ) as discharge
    inner join {{ ref('dim_patient') }} as person on discharge.patient_key = person.patient_key
    where
        coalesce(discharge.disposition, 'home') not in ('died', 'transferred')
        and person.owner_organization_id is not null
        and coalesce(person.death_date >= discharge.event_date, true)
{%- endmacro %}

{#- Events with a diagnosis that opens the signal by the version of the rule in force when they became known. -#}
{% macro with_diagnosis(signal_code, events, key) -%}
    select
        ranked.*
    from (
        select
            events.*,
            versions.rule_version,
            row_number() over (partition by events.{{ key }} order by events.icd10) as turn
        from {{ events }} as events
        inner join {{ ref('int_rule_version') }} as versions
            on
                versions.signal_code = '{{ signal_code }}'
                and events.known_date between versions.effective_from and versions.effective_to
        where
            exists (
                select 1
                from {{ ref('signal_diagnoses') }} as included
                where
                    included.signal_code = '{{ signal_code }}'
                    and included.rule_version = versions.rule_version
                    and included.is_included
                    and events.icd10 like included.icd10_prefix || '%'
            )
            and not exists (
                select 1
                from {{ ref('signal_diagnoses') }} as excluded
                where
                    excluded.signal_code = '{{ signal_code }}'
                    and excluded.rule_version = versions.rule_version
                    and not excluded.is_included
                    and events.icd10 like excluded.icd10_prefix || '%'
            )
    ) as ranked
    where ranked.turn = 1
{%- endmacro %}
