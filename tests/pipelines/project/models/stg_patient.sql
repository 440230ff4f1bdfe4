{{ config(materialized='view', schema='staging') }}
select distinct patient_key, sex from {{ lake_rows('patient') }}
