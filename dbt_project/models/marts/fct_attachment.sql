select
    facts.attachment_id,
    coalesce(link.patient_key, facts.patient_key) as patient_key,
    facts.organization_id,
    facts.site_id,
    facts.start_date,
    facts.end_date,
    facts.end_reason,
    facts.recorded_at,
    facts.source,
    facts.is_entered_in_error,
    facts.extracted_at
from {{ ref('stg_ops__attachment') }} as facts
left join {{ ref('int_record_link') }} as link on facts.patient_key = link.record_key
