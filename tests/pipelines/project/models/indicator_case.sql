{{ config(materialized='table', schema='indicators') }}
select 'VIS-01' as indicator_code, id as case_id, patient_key from {{ ref('stg_encounter') }}
