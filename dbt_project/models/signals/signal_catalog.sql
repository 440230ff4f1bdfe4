{{ config(alias='catalog') }}

with entry as (
    {{ catalog_of(meta_entries('signal'), ['title', 'definition', 'closing']) }}
)

select
    entry.code,
    {%- for text in ['title', 'definition', 'closing'] %}
    {%- for language in ['kk', 'ru', 'en'] %}
    entry.{{ text }}_{{ language }},
    {%- endfor %}
    {%- endfor %}
    entry.source,
    (
        select max(versions.rule_version)
        from {{ ref('int_rule_version') }} as versions
        cross join {{ ref('int_clock') }} as clock
        where
            versions.signal_code = entry.code
            and clock.as_of_date between versions.effective_from and versions.effective_to
    ) as rule_version
from entry
