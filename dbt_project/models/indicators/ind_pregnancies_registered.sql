select
    'pregnancies_registered' as indicator_code,
    pregnancies.case_id,
    {{ period_of('pregnancies.start_date') }} as period,
    pregnancies.region_id,
    pregnancies.organization_id,
    pregnancies.site_id,
    pregnancies.practitioner_code,
    pregnancies.patient_key,
    pregnancies.sex,
    {{ age_group('pregnancies.age_at_event') }} as age_group,
    case
        when not pregnancies.is_registered then 'unregistered_outcome'
        when pregnancies.is_early then 'before_12_weeks'
        else 'from_12_weeks'
    end as dimension,
    pregnancies.start_date as event_date,
    pregnancies.excluded_because is null as in_denominator,
    pregnancies.excluded_because is null and pregnancies.is_early as in_numerator,
    pregnancies.excluded_because,
    {{ json_object([
        ('weeks', 'pregnancies.weeks', 'number'),
        ('risk_level', 'pregnancies.risk_level', 'text'),
        ('registered', 'pregnancies.is_registered', 'bool'),
    ]) }} as evidence
from {{ ref('int_pregnancy') }} as pregnancies
