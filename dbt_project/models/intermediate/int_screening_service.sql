-- Completing services of the screening programmes, with what makes one impossible: given to the dead, or repeated
-- within the interval.
with complete as (
    select distinct
        completing.programme,
        completing.rule_version,
        completing.service_code
    from {{ ref('screening_services') }} as completing
    where completing.is_completing
),

service as (
    select
        services.procedure_id,
        services.patient_key,
        services.programme,
        services.evidence_grade,
        services.event_at,
        services.event_date,
        cast(extract(year from services.event_date) as integer) as year,
        rules.interval_years,
        coalesce(person.death_date < services.event_date, false) as is_after_death
    from {{ ref('fct_procedure') }} as services
    inner join {{ ref('screening_programmes') }} as rules
        on
            services.programme = rules.programme
            and services.event_date >= rules.effective_from
            and services.event_date <= coalesce(rules.effective_to, services.event_date)
    inner join complete
        on
            rules.programme = complete.programme
            and rules.rule_version = complete.rule_version
            and services.code = complete.service_code
    left join {{ ref('int_person') }} as person on services.patient_key = person.record_key
    where
        services.programme is not null
        and services.status = 'completed'
        and not services.is_entered_in_error
)

select
    service.procedure_id,
    service.patient_key,
    service.programme,
    service.evidence_grade,
    service.event_date,
    service.year,
    service.interval_years,
    service.is_after_death,
    lag(service.year) over (
        partition by service.patient_key, service.programme, service.is_after_death
        order by service.event_at, service.procedure_id
    ) as previous_year
from service
