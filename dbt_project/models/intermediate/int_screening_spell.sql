{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='patient_key',
    pre_hook=["{{ forget_people_with_news(screening_sources(), years_or_places_changed()) }}"],
    indexes=[{'columns': ['patient_key']}]
) }}

{#- read only by later builds and by the hook -#}
-- depends_on: {{ ref('stg_ops__organization') }}
{%- set is_continued = is_incremental() and not years_or_places_changed() %}

-- People of a programme's year while they belong to one organisation: targets of the year, and whoever was listed
-- or examined beside them. Dates say from when each step is reached; figures of a month compare them with its end.
with
{%- if is_continued %}
news as (
    {{ people_with_news(screening_sources()) }}
),
{%- endif %}

year as (
    select distinct periods.year
    from {{ ref('int_period') }} as periods
),

rule as (
    select
        year.year,
        programmes.programme,
        programmes.rule_version,
        programmes.sex,
        programmes.age_from,
        programmes.age_to,
        programmes.age_step,
        programmes.interval_years,
        cast(cast(year.year as text) || '-01-01' as date) as first_date,
        cast(cast(year.year + 1 as text) || '-01-01' as date) as next_first_date
    from year
    inner join {{ ref('screening_programmes') }} as programmes
        on
            programmes.effective_from <= cast(cast(year.year as text) || '-01-01' as date)
            and coalesce(programmes.effective_to, cast('9999-12-31' as date))
            >= cast(cast(year.year as text) || '-01-01' as date)
),

listed as (
    select
        activities.patient_key,
        activities.programme,
        cast(activities.plan_year as integer) as year,
        min(case when activities.status <> 'cancelled' then activities.event_date end) as listed_date,
        min(activities.cancel_reason) as cancel_reason
    from {{ ref('fct_care_plan_activity') }} as activities
    where
        activities.step = 'listed'
        and activities.plan_year is not null
        and not activities.is_entered_in_error
    {{- of_news('activities', is_continued) }}
    group by activities.patient_key, activities.programme, activities.plan_year
),

examined as (
    select
        services.patient_key,
        services.programme,
        services.year,
        min(case when not services.is_after_death then services.event_date end) as recorded_date,
        min(
            case
                when not services.is_after_death and services.evidence_grade in ('measured', 'presence')
                    then services.event_date
            end
        ) as confirmed_date,
        sum(case when services.is_after_death then 1 else 0 end) as services_after_death,
        sum(
            case
                when not services.is_after_death and services.year - services.previous_year < services.interval_years
                    then 1
                else 0
            end
        ) as repeated_services
    from {{ ref('int_screening_service') }} as services
    where services.patient_key is not null {{- of_news('services', is_continued) }}
    group by services.patient_key, services.programme, services.year
),

-- A card of the target disease takes a person off the list, unless the screening itself found the disease.
register as (
    select distinct
        cards.patient_key,
        exclusions.programme,
        exclusions.rule_version,
        cards.event_date,
        cards.end_date
    from {{ ref('fct_episode_of_care') }} as cards
    inner join {{ ref('screening_exclusions') }} as exclusions on cards.icd10 like exclusions.icd10_prefix || '%'
    where
        cards.episode_kind = 'dispensary'
        and cards.status <> 'cancelled'
        and coalesce(cards.close_reason, 'none') <> 'mistake'
        and not cards.is_entered_in_error
    {{- of_news('cards', is_continued) }}
),

target as (
    select
        person.patient_key,
        rule.programme,
        rule.year
    from {{ ref('int_person') }} as person
    inner join rule
        on
            rule.sex in (person.sex, 'any')
            and rule.year - extract(year from person.birth_month) between rule.age_from and rule.age_to
            and (rule.year - cast(extract(year from person.birth_month) as integer) - rule.age_from) % rule.age_step = 0
    where person.is_current {{- of_news('person', is_continued) }}
    union
    select
        listed.patient_key,
        listed.programme,
        listed.year
    from listed
    union
    select
        examined.patient_key,
        examined.programme,
        examined.year
    from examined
),

person_year as (
    select
        target.patient_key,
        target.programme,
        target.year,
        rule.rule_version,
        rule.first_date,
        rule.next_first_date,
        person.sex,
        target.year - cast(extract(year from person.birth_month) as integer) as age,
        person.death_date,
        rule.sex in (person.sex, 'any')
        and target.year - extract(year from person.birth_month) between rule.age_from and rule.age_to
        and (target.year - cast(extract(year from person.birth_month) as integer) - rule.age_from) % rule.age_step = 0
            as is_target,
        -- somebody due last year who was carried over: listed this year, not examined the year before
        rule.sex in (person.sex, 'any')
        and target.year - 1 - extract(year from person.birth_month) between rule.age_from and rule.age_to
        and (target.year - 1 - cast(extract(year from person.birth_month) as integer) - rule.age_from) % rule.age_step
        = 0
        and listed.listed_date is not null as is_carried_over,
        listed.listed_date,
        listed.cancel_reason,
        examined.recorded_date,
        examined.confirmed_date,
        coalesce(examined.services_after_death, 0) as services_after_death,
        coalesce(examined.repeated_services, 0) as repeated_services,
        rule.interval_years
    from target
    inner join rule on target.programme = rule.programme and target.year = rule.year
    inner join {{ ref('int_person') }} as person on target.patient_key = person.record_key and person.is_current
    left join listed
        on target.patient_key = listed.patient_key and target.programme = listed.programme and target.year = listed.year
    left join examined
        on
            target.patient_key = examined.patient_key
            and target.programme = examined.programme
            and target.year = examined.year
),

done_before as (
    select distinct
        person_year.patient_key,
        person_year.programme,
        person_year.year
    from person_year
    inner join {{ ref('int_screening_service') }} as services
        on person_year.patient_key = services.patient_key and person_year.programme = services.programme
    where
        services.year < person_year.year
        and services.year > person_year.year - person_year.interval_years
        and not services.is_after_death
),

on_register as (
    select
        person_year.patient_key,
        person_year.programme,
        person_year.year,
        min(register.event_date) as register_date
    from person_year
    inner join register
        on
            person_year.patient_key = register.patient_key
            and person_year.programme = register.programme
            and person_year.rule_version = register.rule_version
    where
        register.event_date < person_year.next_first_date
        and coalesce(register.end_date, person_year.next_first_date) > person_year.first_date
        and register.event_date < coalesce(person_year.recorded_date, person_year.next_first_date)
    group by person_year.patient_key, person_year.programme, person_year.year
)

select
    person_year.patient_key,
    person_year.programme,
    person_year.year,
    person_year.rule_version,
    spells.attachment_id,
    spells.region_id,
    spells.organization_id,
    spells.site_id,
    greatest(spells.start_date, person_year.first_date) as valid_from,
    least(coalesce(spells.next_start_date, person_year.next_first_date), person_year.next_first_date) as valid_before,
    spells.end_date as attached_until,
    person_year.sex,
    {{ age_group('person_year.age') }} as age_group,
    person_year.death_date,
    on_register.register_date,
    done_before.patient_key is not null as is_done_before,
    person_year.is_target,
    person_year.is_carried_over,
    person_year.listed_date,
    person_year.cancel_reason,
    person_year.recorded_date,
    person_year.confirmed_date,
    cast(person_year.services_after_death as integer) as services_after_death,
    cast(person_year.repeated_services as integer) as repeated_services,
    {{ seen_of(screening_sources()) }} as version_at
from person_year
inner join {{ ref('int_attachment_spell') }} as spells on person_year.patient_key = spells.patient_key
left join done_before
    on
        person_year.patient_key = done_before.patient_key
        and person_year.programme = done_before.programme
        and person_year.year = done_before.year
left join on_register
    on
        person_year.patient_key = on_register.patient_key
        and person_year.programme = on_register.programme
        and person_year.year = on_register.year
where
    spells.start_date < person_year.next_first_date
    and coalesce(spells.next_start_date, person_year.next_first_date) > person_year.first_date
    and coalesce(spells.next_start_date > spells.start_date, true)
    -- who left or died before the year is shown only if the year's list or records name them
    and (
        person_year.listed_date is not null
        or person_year.recorded_date is not null
        or person_year.services_after_death > 0
        or (
            coalesce(spells.end_date > person_year.first_date, true)
            and coalesce(person_year.death_date >= person_year.first_date, true)
        )
    )
