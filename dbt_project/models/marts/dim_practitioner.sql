{{ config(materialized='table') }}

select
    practitioners.practitioner_code,
    practitioners.position,
    coalesce(practitioners.position, 'other') || ' ' || practitioners.practitioner_code as label,
    node.region_id,
    coalesce(node.facility_id, practitioners.organization_id) as organization_id,
    practitioners.site_id
from {{ ref('stg_ops__practitioner') }} as practitioners
left join {{ ref('dim_organization') }} as node on practitioners.organization_id = node.organization_id
