-- Open cards on the last day of the month.
select
    'pregnancy_register' as indicator_code,
    pregnancies.case_id,
    periods.period,
    pregnancies.region_id,
    pregnancies.organization_id,
    pregnancies.site_id,
    pregnancies.practitioner_code,
    pregnancies.patient_key,
    pregnancies.sex,
    {{ age_group('pregnancies.age_at_event') }} as age_group,
    coalesce(pregnancies.risk_level, 'unknown') as dimension,
    pregnancies.start_date as event_date,
    pregnancies.excluded_because is null as in_denominator,
    pregnancies.excluded_because is null and pregnancies.is_early as in_numerator,
    pregnancies.excluded_because,
    {{ json_object([
        ('weeks_at_registration', 'pregnancies.weeks', 'number'),
        ('registered', 'pregnancies.start_date', 'date'),
        ('risk_level', 'pregnancies.risk_level', 'text'),
    ]) }} as evidence
from {{ ref('int_pregnancy') }} as pregnancies
inner join {{ ref('int_period') }} as periods
    on
        pregnancies.start_date <= periods.last_date
        and (pregnancies.end_date is null or pregnancies.end_date > periods.last_date)
where pregnancies.is_registered
