{{ config(materialized='table', alias='catalog', tags=['constant']) }}

{{ catalog_of(meta_entries('indicators'), ['title', 'definition', 'numerator', 'denominator']) }}
