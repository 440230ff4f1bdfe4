-- Nodes the viewer may open, and the nodes above them for their names.
select organization_id, parent_id, kind, region_id, facility_id, name_kk, name_ru, name_en, kato_code, is_external
from own_organization
where is_active
order by sort_key, organization_id
