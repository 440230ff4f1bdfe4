{{ config(materialized='view', tags=hot_with_its_tables()) }}

{%- set columns = [
    'case_id', 'signal_code', 'rule_version', 'patient_key', 'region_id', 'organization_id', 'site_id', 'event_key',
    'event_at', 'known_at', 'detected_at', 'next_step', 'due_at', 'overdue', 'severity', 'state', 'closed_at',
    'closed_by', 'evidence', 'as_of',
] %}

{% for signal in ['sig_sig_02', 'sig_sig_03', 'sig_sig_04', 'sig_sig_07', 'sig_mat_10', 'sig_mat_11'] -%}
select
    {{ columns | join(',\n    ') }}
from {{ ref(signal) }}
{{ 'union all' if not loop.last }}
{% endfor %}
