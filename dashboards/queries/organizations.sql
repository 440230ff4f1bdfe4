-- Every node has a name to show; the viewer may choose among those that are known to the scope.
select organization_id, kind, facility_id, name_kk, name_ru, name_en, kato_code,
    not is_external and organization_id in (select organization_id from own_organization) as is_known
from marts.dim_organization
where is_active
order by sort_key, organization_id
