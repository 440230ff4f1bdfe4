{#- The value of a limit in force on the day of the data. -#}
{% macro limit_value(signal_code, limit_code) -%}
    (
        select max(limits.value)
        from {{ ref('signal_limits') }} as limits
        cross join {{ ref('int_clock') }} as today
        where
            limits.signal_code = '{{ signal_code }}'
            and limits.limit_code = '{{ limit_code }}'
            and limits.effective_from <= today.as_of_date
            and coalesce(limits.effective_to, today.as_of_date) >= today.as_of_date
    )
{%- endmacro %}
