{{ config(unique_key='signal_decision_id') }}

select
    versions.id as signal_decision_id,
    versions.case_id,
    versions.decision,
    versions.due_at,
    versions.decided_at,
    versions.recorded_at,
    versions.row_xid,
    versions.extracted_at
from {{ newest_versions('signal_decision') }} as versions
