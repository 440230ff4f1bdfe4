{{ config(tags=['hot']) }}

{#-
Facts and their fields that may close a step; which value of which field is which evidence says the seed
signal_evidence. A standing fact (an open card) is evidence from its beginning until it ends.
-#}
{%- set facts = [
    {
        'fact': 'encounter', 'relation': ref('int_contact'), 'key': 'encounter_id', 'valid': 'not facts.is_failed',
        'fields': ['encounter_class', 'practitioner_position'],
    },
    {
        'fact': 'procedure', 'relation': ref('fct_procedure'), 'key': 'procedure_id',
        'valid': "facts.status = 'completed' and not facts.is_entered_in_error", 'fields': ['code'],
    },
    {
        'fact': 'observation', 'relation': ref('fct_observation'), 'key': 'observation_id',
        'valid': "facts.status <> 'cancelled' and not facts.is_entered_in_error", 'fields': ['code'],
    },
    {
        'fact': 'medication_request', 'relation': ref('fct_medication_request'), 'key': 'medication_request_id',
        'valid': "facts.status <> 'cancelled' and not facts.is_entered_in_error", 'fields': ['code'],
    },
    {
        'fact': 'service_request', 'relation': ref('fct_service_request'), 'key': 'service_request_id',
        'valid': "facts.status not in ('draft', 'cancelled') and not facts.is_entered_in_error",
        'fields': ['category', 'code'],
    },
    {
        'fact': 'episode_of_care', 'relation': ref('fct_episode_of_care'), 'key': 'episode_id',
        'valid': "facts.status <> 'cancelled' and not facts.is_entered_in_error and facts.episode_kind = 'dispensary'",
        'fields': ['icd10'], 'ends_at': "coalesce(facts.end_at, " ~ moment('9999-12-31 00:00:00+00') ~ ")",
    },
    {
        'fact': 'episode_of_care', 'relation': ref('fct_episode_of_care'), 'key': 'episode_id',
        'valid': "facts.status <> 'cancelled' and not facts.is_entered_in_error and facts.episode_kind = 'pregnancy'",
        'fields': ['risk_level', 'required_care_level'],
    },
    {
        'fact': 'episode_of_care', 'relation': ref('fct_episode_of_care'), 'key': 'episode_id',
        'valid': 'not facts.is_entered_in_error and facts.outcome_at is not null', 'fields': ['outcome'],
        'event_at': 'facts.outcome_at', 'known_at': 'coalesce(facts.outcome_known_at, facts.outcome_at)',
    },
    {
        'fact': 'episode_of_care', 'relation': ref('fct_episode_of_care'), 'key': 'episode_id',
        'valid': 'not facts.is_entered_in_error and facts.end_at is not null', 'fields': ['close_reason'],
        'event_at': 'facts.end_at', 'known_at': 'coalesce(facts.end_known_at, facts.end_at)',
    },
] %}

with fact as (
    {%- for item in facts %}
    {%- for field in item.fields %}
    select
        '{{ item.fact }}' as fact,
        '{{ field }}' as field,
        cast(facts.{{ field }} as text) as field_value,
        facts.patient_key,
        '{{ item.fact }}:' || cast(facts.{{ item.key }} as text) as event_key,
        {{ item.get('event_at', 'facts.event_at') }} as event_at,
        {{ item.get('ends_at', item.get('event_at', 'facts.event_at')) }} as ends_at,
        {{ item.get('known_at', 'facts.known_at') }} as known_at
    from {{ item.relation }} as facts
    where
        {{ item.valid }}
        {%- if item.fact not in ('encounter', 'episode_of_care') %}
        and facts.event_date >= {{ days_back(var('signal_history_days')) }}
        {%- endif %}
        and facts.{{ field }} is not null
        and facts.patient_key in (select watched.patient_key from {{ ref('int_watched_person') }} as watched)
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select distinct
    meanings.evidence_code,
    fact.patient_key,
    fact.event_key,
    fact.event_at,
    fact.ends_at,
    fact.known_at
from fact
cross join {{ ref('int_clock') }} as clock
inner join {{ ref('signal_evidence') }} as meanings
    on
        fact.fact = meanings.fact
        and fact.field = meanings.field
        and (
            meanings.match_kind = 'present'
            or (meanings.match_kind = 'equals' and fact.field_value = meanings.match_value)
            or (meanings.match_kind = 'prefix' and fact.field_value like meanings.match_value || '%')
        )
where fact.known_at <= clock.as_of
