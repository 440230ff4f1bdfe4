{{ config(materialized='view', tags=hot_with_its_tables()) }}

-- Which version of a signal's rule holds on the first day of a case's clock.
select distinct
    rules.signal_code,
    rules.rule_version,
    rules.effective_from,
    coalesce(rules.effective_to, cast('9999-12-31' as date)) as effective_to
from {{ ref('signal_rules') }} as rules
