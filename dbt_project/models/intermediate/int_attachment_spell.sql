{{ config(tags=['hot']) }}

-- A person's attachments one after another: each lasts until the next one begins, so that a person is
-- never counted twice, also when two merged records were attached to two places at once.
select
    attachments.attachment_id,
    attachments.patient_key,
    node.region_id,
    coalesce(node.facility_id, attachments.organization_id) as organization_id,
    attachments.site_id,
    attachments.start_date,
    attachments.end_date,
    attachments.end_reason,
    lead(attachments.start_date) over (
        partition by attachments.patient_key order by attachments.start_date, attachments.attachment_id
    ) as next_start_date,
    person.sex,
    person.birth_month,
    person.death_date
from {{ ref('fct_attachment') }} as attachments
inner join {{ ref('int_person') }} as person on attachments.patient_key = person.record_key and person.is_current
left join {{ ref('dim_organization') }} as node on attachments.organization_id = node.organization_id
where
    not attachments.is_entered_in_error
    -- a facility that does not use this installation answers for its own people
    and not coalesce(node.is_external, false)
