{{ config(materialized='table') }}

{#- The tree is at most region, organisation, department, site; one level more for a branch. -#}
{%- set ancestors = ['node', 'parent', 'grandparent', 'great_grandparent', 'ancestor'] %}

select
    node.organization_id,
    node.parent_id,
    node.kind,
    {%- for kind in ['region', 'organization', 'department', 'site'] %}
    coalesce(
        {%- for ancestor in ancestors %}
        case when {{ ancestor }}.kind = '{{ kind }}' then {{ ancestor }}.organization_id end{{ ',' if not loop.last }}
        {%- endfor %}
    ) as {{ 'facility' if kind == 'organization' else kind }}_id,
    {%- endfor %}
    node.organization_type,
    node.site_kind,
    node.name_kk,
    node.name_ru,
    node.name_en,
    node.sort_key,
    node.bin,
    node.kato_code,
    node.care_level,
    node.is_external,
    node.is_active,
    node.latitude,
    node.longitude
from {{ ref('stg_ops__organization') }} as node
left join {{ ref('stg_ops__organization') }} as parent on node.parent_id = parent.organization_id
left join {{ ref('stg_ops__organization') }} as grandparent on parent.parent_id = grandparent.organization_id
left join {{ ref('stg_ops__organization') }} as great_grandparent
    on grandparent.parent_id = great_grandparent.organization_id
left join {{ ref('stg_ops__organization') }} as ancestor on great_grandparent.parent_id = ancestor.organization_id
