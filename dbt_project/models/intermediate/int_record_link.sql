{{ config(tags=['hot']) }}

-- A merged record may be merged again, and any link may be undone; the person is where the open links end.
with recursive link as (
    select
        links.patient_key,
        links.other_patient_key,
        links.unlinked_at,
        links.extracted_at
    from {{ ref('stg_ops__patient_link') }} as links
),

followed as (
    select
        link.other_patient_key as record_key,
        link.patient_key,
        1 as steps
    from link
    where link.unlinked_at is null
    union all
    select
        followed.record_key,
        link.patient_key,
        followed.steps + 1 as steps
    from followed
    inner join link on followed.patient_key = link.other_patient_key and link.unlinked_at is null
    where followed.steps < 20
),

ends as (
    select
        ranked.record_key,
        ranked.patient_key
    from (
        select
            followed.record_key,
            followed.patient_key,
            row_number() over (
                partition by followed.record_key order by followed.steps desc, followed.patient_key
            ) as closeness
        from followed
    ) as ranked
    where ranked.closeness = 1
),

neighbour as (
    select
        link.patient_key as record_key,
        link.other_patient_key as neighbour_key
    from link
    union
    select
        link.other_patient_key as record_key,
        link.patient_key as neighbour_key
    from link
),

-- Everyone a record was ever linked with, also through others: a change of any of these links may move it.
acquaintance as (
    select
        neighbour.record_key,
        neighbour.neighbour_key
    from neighbour
    union
    select
        acquaintance.record_key,
        neighbour.neighbour_key
    from acquaintance
    inner join neighbour on acquaintance.neighbour_key = neighbour.record_key
)

select
    acquaintance.record_key,
    coalesce(min(ends.patient_key), acquaintance.record_key) as patient_key,
    max(link.extracted_at) as version_at
from acquaintance
inner join link
    on acquaintance.neighbour_key in (link.patient_key, link.other_patient_key)
left join ends on acquaintance.record_key = ends.record_key
group by acquaintance.record_key
