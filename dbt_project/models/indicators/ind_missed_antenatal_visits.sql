select
    'missed_antenatal_visits' as indicator_code,
    'care_plan_activity:' || cast(visits.care_plan_activity_id as text) as case_id,
    {{ period_of('visits.planned_date') }} as period,
    node.region_id,
    coalesce(node.facility_id, visits.node_id) as organization_id,
    visits.site_id,
    visits.practitioner_code,
    visits.patient_key,
    person.sex,
    {{ age_group(age_at_month_end('person.birth_month', 'visits.planned_date')) }} as age_group,
    visits.step as dimension,
    visits.planned_date as event_date,
    visits.excluded_because is null as in_denominator,
    visits.excluded_because is null and visits.is_without_contact as in_numerator,
    visits.excluded_because,
    {{ json_object([
        ('planned', 'visits.planned_date', 'date'),
        ('last_day', 'visits.last_day', 'date'),
        ('contact', 'visits.contact_date', 'date'),
        ('risk_level', 'visits.risk_level', 'text'),
        ('weeks', weeks_between('visits.lmp_date', 'visits.planned_date'), 'number'),
    ]) }} as evidence
from {{ ref('int_antenatal_visit') }} as visits
left join {{ ref('int_person') }} as person on visits.patient_key = person.record_key
left join {{ ref('dim_organization') }} as node on visits.node_id = node.organization_id
