{#-
A JSON object as text from a list of (key, SQL expression, kind) with kind text, number, bool, date or moment;
keys without a value are left out. Built by hand because the engines' own functions
differ in blanks, in the form of times and in the order of keys, and marts must be equal byte for byte.
-#}
{% macro json_object(members) -%}
    {{ return(adapter.dispatch('json_object')(members)) }}
{%- endmacro %}

{% macro default__json_object(members) -%}
    '{' || substr(
        {%- for key, expression, kind in members %}
        case when ({{ expression }}) is null then '' else ',"{{ key }}":' || {{ json_value(expression, kind) }} end
        {{- ' ||' if not loop.last }}
        {%- endfor %},
        2
    ) || '}'
{%- endmacro %}

{% macro json_value(expression, kind) -%}
    {%- if kind == 'number' -%}
        cast({{ expression }} as text)
    {%- elif kind == 'bool' -%}
        case when {{ expression }} then 'true' else 'false' end
    {%- elif kind == 'date' -%}
        '"' || cast({{ expression }} as text) || '"'
    {%- elif kind == 'moment' -%}
        '"' || {{ iso_moment(expression) }} || '"'
    {%- else -%}
        '"' || replace(replace({{ expression }}, '\', '\\'), '"', '\"') || '"'
    {%- endif -%}
{%- endmacro %}
