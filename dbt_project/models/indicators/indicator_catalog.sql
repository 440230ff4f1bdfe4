{{ config(materialized='table', alias='catalog') }}

{{ catalog_of(meta_entries('indicators'), ['title', 'definition', 'numerator', 'denominator']) }}
