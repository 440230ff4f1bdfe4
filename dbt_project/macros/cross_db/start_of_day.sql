{#-
The moment a date begins in Kazakhstan. Events bring their dates from the gate; only dates that are plans or
deadlines are turned into moments, and only here.
-#}
{% macro start_of_day(date) -%}
    {{ return(adapter.dispatch('start_of_day')(date)) }}
{%- endmacro %}

{% macro default__start_of_day(date) -%}
    (cast({{ date }} as timestamp) at time zone 'Asia/Almaty')
{%- endmacro %}
