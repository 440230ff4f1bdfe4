{%- set columns = [
    'indicator_code', 'case_id', 'period', 'region_id', 'organization_id', 'site_id', 'practitioner_code',
    'patient_key', 'sex', 'age_group', 'dimension', 'event_date', 'in_denominator', 'in_numerator',
    'excluded_because', 'evidence',
] %}

{% for indicator in [
    'ind_visit_structure', 'ind_attached_population', 'ind_morbidity', 'ind_screening_breast', 'ind_screening_cervix',
    'ind_screening_cvd_dm', 'ind_pregnancies_registered', 'ind_pregnancy_register', 'ind_missed_antenatal_visits',
] -%}
select
    {{ columns | join(',\n    ') }}
from {{ ref(indicator) }}
{{ 'union all' if not loop.last }}
{% endfor %}
