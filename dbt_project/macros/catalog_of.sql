{#- Rows of a catalogue from the entries that models carry in their YAML. -#}
{% macro catalog_of(entries, texts) -%}
    {%- for entry in entries | sort(attribute='code') %}
    select
        '{{ entry.code }}' as code,
        {%- for text in texts %}
        {%- for language in ['kk', 'ru', 'en'] %}
        '{{ entry[text][language] | replace("'", "''") }}' as {{ text }}_{{ language }},
        {%- endfor %}
        {%- endfor %}
        '{{ entry.source | replace("'", "''") }}' as source,
        '{{ entry.get('rule_version', '') }}' as rule_version
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- Entries of one kind from all models: a signal is one, an indicator model may carry several. -#}
{% macro meta_entries(key) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get(key) -%}
            {%- set value = node.config.meta[key] -%}
            {%- for entry in ([value] if value is mapping else value) -%}
                {%- do found.append(entry) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
