{#-
A date so many days before the data, as a literal: engines skip what is older without reading it, which a date
from a table does not let them do. Two days more than asked cover the time zone.
-#}
{% macro days_back(days) -%}
    {%- set given = var('as_of') or env_var('SAULYQ_AS_OF', '') -%}
    {%- if given -%}
        {%- set today = modules.datetime.date.fromisoformat(given[:10]) -%}
    {%- else -%}
        {%- set today = modules.datetime.date.today() -%}
    {%- endif -%}
    {{ return("cast('" ~ (today - modules.datetime.timedelta(days=(days | int) + 2)).isoformat() ~ "' as date)") }}
{%- endmacro %}
