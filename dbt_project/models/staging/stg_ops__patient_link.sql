{{ config(
    unique_key='patient_link_id',
    tags=['hot'],
    post_hook=["{{ forget_destroyed() }}", "{{ forget_destroyed('other_patient_key') }}"]
) }}

select
    versions.id as patient_link_id,
    versions.patient_key,
    versions.other_patient_key,
    versions.linked_at,
    versions.unlinked_at,
    versions.recorded_at,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('patient_link', people=['patient_key', 'other_patient_key']) }} as versions
