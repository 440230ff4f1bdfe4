{{ config(tags=['hot']) }}

{%- set given = var('as_of') or env_var('SAULYQ_AS_OF', '') %}

with now_is as (
    select {{ moment(given) if given else 'current_timestamp' }} as as_of
)

select
    now_is.as_of,
    {{ local_date('now_is.as_of') }} as as_of_date
from now_is
