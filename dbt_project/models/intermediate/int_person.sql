{{ config(tags=['hot']) }}

-- The first to know of a death decides its date; two merged records may each carry one.
with death as (
    select
        ranked.patient_key,
        ranked.death_id,
        ranked.event_date,
        ranked.known_at,
        ranked.is_entered_in_error,
        ranked.newest_extracted_at
    from (
        select
            deaths.patient_key,
            deaths.death_id,
            deaths.event_date,
            deaths.known_at,
            deaths.is_entered_in_error,
            max(deaths.extracted_at) over (partition by deaths.patient_key) as newest_extracted_at,
            row_number() over (
                partition by deaths.patient_key
                order by deaths.is_entered_in_error, deaths.known_at, deaths.death_id
            ) as turn
        from {{ ref('fct_death') }} as deaths
    ) as ranked
    where ranked.turn = 1
),

record as (
    select
        patients.patient_key as record_key,
        coalesce(link.patient_key, patients.patient_key) as patient_key,
        patients.identity_status,
        patients.sex,
        patients.birth_month,
        patients.kato_district,
        patients.is_entered_in_error,
        patients.extracted_at,
        greatest(patients.extracted_at, coalesce(link.version_at, patients.extracted_at)) as version_at
    from {{ ref('stg_ops__patient') }} as patients
    left join {{ ref('int_record_link') }} as link on patients.patient_key = link.record_key
)

select
    record.record_key,
    record.patient_key,
    record.record_key = record.patient_key and not record.is_entered_in_error as is_current,
    record.is_entered_in_error,
    record.identity_status,
    coalesce(survivor.sex, record.sex) as sex,
    coalesce(survivor.birth_month, record.birth_month) as birth_month,
    coalesce(survivor.kato_district, record.kato_district) as kato_district,
    case when not death.is_entered_in_error then death.death_id end as death_id,
    case when not death.is_entered_in_error then death.event_date end as death_date,
    case when not death.is_entered_in_error then death.known_at end as death_known_at,
    -- the newest extraction that touched anything event rows copy from a person
    greatest(
        record.version_at,
        coalesce(survivor.extracted_at, record.version_at),
        coalesce(death.newest_extracted_at, record.version_at)
    ) as version_at
from record
left join record as survivor on record.patient_key = survivor.record_key
left join death on record.patient_key = death.patient_key
