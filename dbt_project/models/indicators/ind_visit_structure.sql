select
    'visit_structure' as indicator_code,
    'encounter:' || cast(visits.encounter_id as text) as case_id,
    visits.period,
    visits.region_id,
    visits.organization_id,
    visits.site_id,
    visits.practitioner_code,
    visits.patient_key,
    visits.sex,
    visits.age_group,
    visits.encounter_class || ':' || visits.purpose as dimension,
    visits.event_date,
    visits.excluded_because is null as in_denominator,
    visits.excluded_because is null and visits.evidence_grade in ('measured', 'presence') as in_numerator,
    visits.excluded_because,
    {{ json_object([
        ('class', 'visits.encounter_class', 'text'),
        ('purpose', 'visits.purpose', 'text'),
        ('evidence', 'visits.evidence_grade', 'text'),
    ]) }} as evidence
from {{ ref('int_visit') }} as visits
