"""Work after the last batch: names for search, outcomes of pregnancies, statistics."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from ingestion.bulk.mapping import LOSS, SNOMED
from ops_app.modules.patients.name_index import index_names

# Synthea closes a pregnancy without a coded outcome: a loss recorded inside it says so, and an
# episode that lasted 20 weeks or more without one ended in a birth.
_OUTCOMES = """
with ended as (
  select e.id, e.end_at, e.event_at,
    (select c.original_code from visits.condition c
     where c.patient_id = e.patient_id and c.original_system = :system and c.original_code = any(:losses)
       and c.event_at between e.event_at and e.end_at + interval '1 day'
     order by c.event_at limit 1) as loss
  from episodes.episode_of_care e
  where e.kind = 'pregnancy' and e.source = 'import' and e.close_reason = 'outcome' and e.outcome is null
)
update episodes.episode_of_care e
set outcome = case
      when ended.loss = any(:ectopic) then 'ectopic'
      when ended.loss is not null then 'miscarriage'
      else 'live_birth' end,
    outcome_at = ended.end_at,
    outcome_known_at = ended.end_at
from ended
where ended.id = e.id and (ended.loss is not null or ended.end_at - ended.event_at >= interval '140 days')
"""


_NEW_NAMES = """
select distinct token
from patients.patient p, unnest(array[p.family_fold, p.given_fold, p.patronymic_fold]) as token
where p.source = 'import' and token <> '' and not exists (select from patients.name_token n where n.token = token)
"""


def finish(database_url: str) -> None:
    """Complete what single rows could not know; running it again changes nothing."""
    ectopic = [code for code, outcome in LOSS.items() if outcome == "ectopic"]
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text(_OUTCOMES), {"system": SNOMED, "losses": list(LOSS), "ectopic": ectopic})
        index_names(connection, connection.scalars(text(_NEW_NAMES)))
    engine.dispose()
