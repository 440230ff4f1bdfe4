-- Nodes the viewer may open, the nodes above them, and facilities elsewhere, which discharges name.
select organization_id, parent_id, kind, region_id, facility_id, name_kk, name_ru, name_en, kato_code, is_external
from marts.dim_organization
where is_active and (is_external or organization_id in (select organization_id from own_organization))
order by sort_key, organization_id
