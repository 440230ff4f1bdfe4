{{ config(materialized='table', tags=['hot']) }}

with attachment as (
    select
        spells.patient_key,
        spells.attachment_id,
        spells.region_id,
        spells.organization_id,
        spells.site_id
    from {{ ref('int_attachment_spell') }} as spells
    cross join {{ ref('int_clock') }} as clock
    where
        spells.start_date <= clock.as_of_date
        and (spells.end_date is null or spells.end_date > clock.as_of_date)
        and (spells.next_start_date is null or spells.next_start_date > clock.as_of_date)
),

-- A site elsewhere acts for a person from the day it accepted her; the newest acceptance counts.
serving as (
    select
        ranked.patient_key,
        ranked.region_id,
        ranked.organization_id,
        ranked.site_id
    from (
        select
            accepted.patient_key,
            node.region_id,
            coalesce(node.facility_id, accepted.organization_id) as organization_id,
            accepted.site_id,
            row_number() over (
                partition by accepted.patient_key order by accepted.start_date desc, accepted.serving_site_id desc
            ) as newness
        from {{ ref('int_serving_site') }} as accepted
        cross join {{ ref('int_clock') }} as clock
        left join {{ ref('dim_organization') }} as node on accepted.organization_id = node.organization_id
        where
            accepted.accepted_at <= clock.as_of
            and accepted.start_date <= clock.as_of_date
            and (accepted.end_date is null or accepted.end_date > clock.as_of_date)
    ) as ranked
    where ranked.newness = 1
)

select
    person.record_key as patient_key,
    person.patient_key as current_patient_key,
    person.is_current,
    person.is_entered_in_error,
    person.identity_status,
    person.sex,
    person.birth_month,
    person.kato_district,
    person.death_date,
    person.death_known_at,
    person.death_date is not null as is_deceased,
    attachment.attachment_id,
    attachment.region_id,
    attachment.organization_id,
    attachment.site_id,
    -- who acts for the person: the accepted serving site, else the site of attachment
    coalesce(serving.region_id, attachment.region_id) as owner_region_id,
    coalesce(serving.organization_id, attachment.organization_id) as owner_organization_id,
    case when serving.organization_id is not null then serving.site_id else attachment.site_id end as owner_site_id,
    case
        when serving.organization_id is not null then 'serving'
        when attachment.organization_id is not null then 'attachment'
    end as owner_basis
from {{ ref('int_person') }} as person
left join attachment on person.patient_key = attachment.patient_key
left join serving on person.patient_key = serving.patient_key
