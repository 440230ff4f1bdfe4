{#- Where news of a screening may stand. -#}
{% macro screening_sources() -%}
    {{ return(['stg_ops__attachment', 'stg_ops__care_plan_activity', 'stg_ops__episode_of_care', 'stg_ops__procedure']) }}
{%- endmacro %}

{#-
Coverage of a screening programme by month, cumulative from January: eligible people are the denominator of the
steps listed, recorded and confirmed; whoever is out says why.
-#}
{% macro screening_cases(programme) -%}
{% for step in ['listed', 'recorded', 'confirmed'] -%}
select
    'screening_{{ programme }}_{{ step }}' as indicator_code,
    'screening:{{ programme }}:' || cast(month.year as text) || ':' || month.patient_key as case_id,
    month.period,
    month.region_id,
    month.organization_id,
    month.site_id,
    cast(null as text) as practitioner_code,
    month.patient_key,
    month.sex,
    month.age_group,
    '{{ programme }}' as dimension,
    case when month.{{ step }}_date <= month.last_date then month.{{ step }}_date else month.last_date end
        as event_date,
    month.excluded_because is null as in_denominator,
    month.excluded_because is null and coalesce(month.{{ step }}_date <= month.last_date, false) as in_numerator,
    month.excluded_because,
    {{ json_object([
        ('rule_version', 'month.rule_version', 'text'),
        ('listed', 'case when month.listed_date <= month.last_date then month.listed_date end', 'date'),
        ('recorded', 'case when month.recorded_date <= month.last_date then month.recorded_date end', 'date'),
        ('confirmed', 'case when month.confirmed_date <= month.last_date then month.confirmed_date end', 'date'),
        ('carried_over', 'case when month.is_carried_over and not month.is_target then true end', 'bool'),
        ('on_register_since', 'month.register_date', 'date'),
        ('list_cancelled', 'month.cancel_reason', 'text'),
        ('services_after_death',
            'case when month.services_after_death > 0 then month.services_after_death end', 'number'),
        ('repeated_services', 'case when month.repeated_services > 0 then month.repeated_services end', 'number'),
    ]) }} as evidence
from {{ ref('int_screening_month') }} as month
where month.programme = '{{ programme }}'
{{ 'union all' if not loop.last }}
{% endfor %}
{%- endmacro %}
