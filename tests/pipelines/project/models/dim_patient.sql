{{ config(materialized='table', schema='marts') }}
select patient_key, sex, true as is_current from {{ ref('stg_patient') }}
