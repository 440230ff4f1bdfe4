select
    'morbidity' as indicator_code,
    'condition:' || cast(diagnoses.condition_id as text) as case_id,
    diagnoses.period,
    diagnoses.region_id,
    diagnoses.organization_id,
    diagnoses.site_id,
    diagnoses.practitioner_code,
    diagnoses.patient_key,
    diagnoses.sex,
    diagnoses.age_group,
    diagnoses.icd10_block as dimension,
    diagnoses.event_date,
    diagnoses.excluded_because is null as in_denominator,
    diagnoses.is_new as in_numerator,
    diagnoses.excluded_because,
    {{ json_object([
        ('icd10', 'diagnoses.icd10', 'text'),
        ('character', 'diagnoses.diagnosis_character', 'text'),
        ('evidence', 'diagnoses.evidence_grade', 'text'),
    ]) }} as evidence
from {{ ref('int_diagnosis') }} as diagnoses
