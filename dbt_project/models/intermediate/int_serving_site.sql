{{ config(materialized='view', tags=hot_with_its_tables()) }}

-- Handovers that were accepted; an offer nobody accepted changes nothing.
select
    sites.serving_site_id,
    coalesce(link.patient_key, sites.patient_key) as patient_key,
    sites.organization_id,
    sites.site_id,
    sites.start_date,
    sites.end_date,
    sites.accepted_at
from {{ ref('stg_ops__serving_site') }} as sites
left join {{ ref('int_record_link') }} as link on sites.patient_key = link.record_key
where
    sites.accepted_at is not null
    and not sites.is_entered_in_error
