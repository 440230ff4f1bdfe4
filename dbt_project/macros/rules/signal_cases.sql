{#-
From the candidates of a signal to its cases, by the rule seeds: steps with deadlines and owners, what closes
each, what comes next. The model that calls it defines a CTE `candidate` with

    event_key, patient_key, event_at          the event row and its person
    known_at                                  when the owning facility could know
    since_at                                  evidence counts from here on
    clock_at, clock_on                        where deadlines start; clock_at empty: the clock is a date
    escalated_at, escalated_on                clock of steps that wait for a second failed contact
    attempts                                  steps already tried in vain
    rule_version, population, groups          which rows of signal_rules hold (groups: codes with commas)
    region_id, organization_id, site_id       the owner
    ended_at, ended_by                        what ends the case whatever its steps say
    about                                     JSON object: codes and dates of the event

and, if facts outside signal_evidence close steps, a CTE `own_evidence` (event_key, evidence_code, source_key,
met_at).
-#}
{% macro signal_cases(signal_code, own_evidence=false, open_stay=false) -%}
rule_step as (
    select
        candidate.event_key,
        rules.step_order,
        rules.step_code,
        rules.owner_role,
        rules.severity,
        rules.deadline_value,
        rules.deadline_unit,
        case when rules.clock = 'second_failed_contact' then candidate.escalated_at else candidate.clock_at end
            as clock_at,
        case when rules.clock = 'second_failed_contact' then candidate.escalated_on else candidate.clock_on end
            as clock_on
    from candidate
    inner join {{ ref('signal_rules') }} as rules
        on
            rules.signal_code = '{{ signal_code }}'
            and candidate.rule_version = rules.rule_version
            and candidate.population = rules.population
            and {{ list_contains('candidate.groups', 'rules.applies_to') }}
),

dated_step as (
    select
        rule_step.event_key,
        rule_step.step_order,
        rule_step.step_code,
        rule_step.owner_role,
        rule_step.severity,
        case
            when rule_step.deadline_unit = 'hour'
                then {{ add_hours('rule_step.clock_at', 'rule_step.deadline_value') }}
            when rule_step.clock_at is null or rule_step.deadline_value = 0
                then {{ start_of_day(add_days('due.due_on', 1)) }}
            else {{ add_hours('rule_step.clock_at', '24 * ' ~ days_between('rule_step.clock_on', 'due.due_on')) }}
        end as due_at
    from rule_step
    inner join (
        select
            asked.clock_on,
            asked.deadline_value,
            asked.deadline_unit,
            case
                when asked.deadline_unit = 'working_day' and asked.deadline_value > 0 then later.date_day
                when asked.deadline_unit = 'hour' then asked.clock_on
                else {{ add_days('asked.clock_on', 'asked.deadline_value') }}
            end as due_on
        from (
            select distinct
                rule_step.clock_on,
                rule_step.deadline_value,
                rule_step.deadline_unit
            from rule_step
        ) as asked
        -- so many working days later: a person told on Saturday has all of Monday for one working day
        left join {{ ref('dim_date') }} as told on asked.clock_on = told.date_day
        left join {{ ref('dim_date') }} as later
            on
                told.working_day_number + asked.deadline_value = later.working_day_number
                and later.is_working_day
                and asked.deadline_unit = 'working_day'
    ) as due
        on
            rule_step.clock_on = due.clock_on
            and rule_step.deadline_value = due.deadline_value
            and rule_step.deadline_unit = due.deadline_unit
    where rule_step.clock_on is not null
),

-- a person may belong to several groups of one step: the earliest deadline holds
step as (
    select
        dated_step.event_key,
        dated_step.step_order,
        dated_step.step_code,
        min(dated_step.owner_role) as owner_role,
        max(dated_step.severity) as severity,
        min(dated_step.due_at) as due_at
    from dated_step
    group by dated_step.event_key, dated_step.step_order, dated_step.step_code
),

found as (
    select
        candidate.event_key,
        evidence.evidence_code,
        evidence.event_key as source_key,
        greatest(evidence.event_at, candidate.since_at) as met_at
    from candidate
    inner join {{ ref('int_evidence') }} as evidence
        on
            candidate.patient_key = evidence.patient_key
            and candidate.since_at <= evidence.ends_at
    {%- if own_evidence %}
    union all
    select
        own_evidence.event_key,
        own_evidence.evidence_code,
        own_evidence.source_key,
        own_evidence.met_at
    from own_evidence
    {%- endif %}
),

requirement as (
    select distinct
        candidate.event_key,
        closings.step_code,
        closings.requirement
    from candidate
    inner join {{ ref('signal_closings') }} as closings
        on
            closings.signal_code = '{{ signal_code }}'
            and candidate.rule_version = closings.rule_version
),

met as (
    select
        ranked.event_key,
        ranked.step_code,
        ranked.requirement,
        ranked.evidence_code,
        ranked.source_key,
        ranked.met_at
    from (
        select
            candidate.event_key,
            closings.step_code,
            closings.requirement,
            found.evidence_code,
            found.source_key,
            found.met_at,
            row_number() over (
                partition by candidate.event_key, closings.step_code, closings.requirement
                order by found.met_at, found.evidence_code, found.source_key
            ) as turn
        from candidate
        inner join {{ ref('signal_closings') }} as closings
            on
                closings.signal_code = '{{ signal_code }}'
                and candidate.rule_version = closings.rule_version
        inner join found
            on candidate.event_key = found.event_key and closings.evidence_code = found.evidence_code
    ) as ranked
    where ranked.turn = 1
),

step_state as (
    select
        step.event_key,
        step.step_order,
        step.step_code,
        step.owner_role,
        step.severity,
        step.due_at,
        case when count(requirement.requirement) = count(met.requirement) then max(met.met_at) end as closed_at
    from step
    inner join requirement on step.event_key = requirement.event_key and step.step_code = requirement.step_code
    left join met
        on
            requirement.event_key = met.event_key
            and requirement.step_code = met.step_code
            and requirement.requirement = met.requirement
    group by step.event_key, step.step_order, step.step_code, step.owner_role, step.severity, step.due_at
),

next_step as (
    select
        ranked.event_key,
        ranked.step_code,
        ranked.owner_role,
        ranked.due_at
    from (
        select
            step_state.event_key,
            step_state.step_code,
            step_state.owner_role,
            step_state.due_at,
            row_number() over (
                partition by step_state.event_key
                order by
                    case when step_state.step_order > candidate.attempts then 0 else 1 end,
                    case when step_state.step_order > candidate.attempts then step_state.step_order else 0 end,
                    step_state.step_order desc
            ) as turn
        from step_state
        inner join candidate on step_state.event_key = candidate.event_key
        where step_state.closed_at is null
    ) as ranked
    where ranked.turn = 1
),

progress as (
    select
        step.event_key,
        max(step.severity) as severity,
        case when count(step_state.step_code) = count(step_state.closed_at) then max(step_state.closed_at) end
            as closed_at,
        max(step_state.due_at) as last_due_at
    from step
    left join step_state on step.event_key = step_state.event_key and step.step_code = step_state.step_code
    where step.step_order = 0 or step_state.step_code is not null
    group by step.event_key
),

last_met as (
    select
        ranked.event_key,
        ranked.evidence_code
    from (
        select
            met.event_key,
            met.evidence_code,
            row_number() over (partition by met.event_key order by met.met_at desc, met.evidence_code) as turn
        from met
        inner join step on met.event_key = step.event_key and met.step_code = step.step_code
    ) as ranked
    where ranked.turn = 1
),

met_list as (
    select
        told.event_key,
        {{ joined_text('told.member', 'told.met_at, told.member') }} as members
    from (
        select distinct
            met.event_key,
            met.met_at,
            {{ json_object([
                ('code', 'met.evidence_code', 'text'),
                ('event', 'met.source_key', 'text'),
                ('at', 'met.met_at', 'moment'),
            ]) }} as member
        from met
        inner join step on met.event_key = step.event_key and met.step_code = step.step_code
    ) as told
    group by told.event_key
),

case_state as (
    select
        candidate.event_key,
        candidate.patient_key,
        candidate.event_at,
        candidate.known_at,
        candidate.rule_version,
        candidate.region_id,
        candidate.organization_id,
        candidate.site_id,
        candidate.about,
        progress.severity,
        next_step.step_code as next_step,
        next_step.owner_role,
        coalesce(next_step.due_at, progress.last_due_at) as due_at,
        case
            when candidate.ended_at < coalesce(progress.closed_at, candidate.ended_at) or progress.closed_at is null
                then candidate.ended_at
            else progress.closed_at
        end as closed_at,
        case
            when candidate.ended_at < coalesce(progress.closed_at, candidate.ended_at) or progress.closed_at is null
                then case when candidate.ended_at is not null then candidate.ended_by end
            else last_met.evidence_code
        end as closed_by,
        met_list.members as met_members,
        clock.as_of
    from candidate
    cross join {{ ref('int_clock') }} as clock
    inner join progress on candidate.event_key = progress.event_key
    left join next_step on candidate.event_key = next_step.event_key
    left join last_met on candidate.event_key = last_met.event_key
    left join met_list on candidate.event_key = met_list.event_key
),

escalation as (
    select
        ranked.event_key,
        ranked.recipient_role
    from (
        select
            case_state.event_key,
            levels.recipient_role,
            row_number() over (partition by case_state.event_key order by levels.escalation_level desc) as turn
        from case_state
        inner join {{ ref('signal_escalations') }} as levels
            on
                levels.signal_code = '{{ signal_code }}'
                and case_state.rule_version = levels.rule_version
        where
            case_state.closed_at is null
            and {{ add_hours('case_state.due_at', '24 * levels.days_overdue') }} <= case_state.as_of
    ) as ranked
    where ranked.turn = 1
)

select
    '{{ signal_code }}:' || case_state.event_key as case_id,
    '{{ signal_code }}' as signal_code,
    case_state.rule_version,
    case_state.patient_key,
    case_state.region_id,
    case_state.organization_id,
    case_state.site_id,
    case_state.event_key,
    case_state.event_at,
    case_state.known_at,
    case_state.known_at as detected_at,
    case when case_state.closed_at is null then case_state.next_step end as next_step,
    case_state.due_at,
    case_state.closed_at is null and case_state.due_at < case_state.as_of as overdue,
    case_state.severity,
    case when case_state.closed_at is null then 'open' else 'closed' end as state,
    case_state.closed_at,
    case_state.closed_by,
    substr(case_state.about, 1, length(case_state.about) - 1)
    || case
        when case_state.closed_at is null and case_state.owner_role is not null
            then ',"owner_role":"' || case_state.owner_role || '"'
        else ''
    end
    || case
        when escalation.recipient_role is not null then ',"escalated_to":"' || escalation.recipient_role || '"'
        else ''
    end
    || ',"met":[' || coalesce(case_state.met_members, '') || ']}' as evidence,
    case_state.as_of
from case_state
left join escalation on case_state.event_key = escalation.event_key
where
    {%- if open_stay %}
    case_state.closed_at is null
    or case_state.closed_at >=
    {%- else %}
    case_state.known_at >=
    {%- endif %} {{ add_hours('case_state.as_of', '-24 * ' ~ limit_value(signal_code, 'window')) }}
{%- endmacro %}

{#- Steps of a case that opens with a discharge or another known moment: nothing failed, nothing escalated. -#}
{% macro plain_clock(known_at, known_on) -%}
        {{ known_at }} as clock_at,
        {{ known_on }} as clock_on,
        cast(null as timestamp with time zone) as escalated_at,
        cast(null as date) as escalated_on,
        0 as attempts
{%- endmacro %}
