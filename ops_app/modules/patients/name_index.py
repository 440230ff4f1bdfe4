"""Keeps the table of one-letter deletions that typo search reads."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from ops_app.modules.patients.names import SOUNDS

_BATCH = 20_000

_SOUND_PLACES = 1000
"""Positions from here on count sounds and not letters."""
_SOUND = "token"
for _written, _letter in SOUNDS:
    _SOUND = f"replace({_SOUND}, '{_written}', '{_letter}')"

# Deletions are written only for tokens not seen before, in the same statement, so two writers at
# once leave each token complete.
_INDEX = text(
    f"""
    with fresh as (
      insert into patients.name_token (token)
      select distinct given.token from unnest(cast(:tokens as text[])) as given(token)
      where given.token <> '' and not exists (select from patients.name_token n where n.token = given.token)
      on conflict do nothing
      returning token
    ), forms as (
      select token, token as form, 0 as base from fresh
      union all
      select token, {_SOUND}, {_SOUND_PLACES} from fresh where {_SOUND} <> token
    )
    insert into patients.name_deletion (deletion, token, position)
    select case place when 0 then form else left(form, place - 1) || substr(form, place + 1) end, token, base + place
    from forms, generate_series(0, length(form)) as place
    on conflict do nothing
    """
)


_FORGET = """
    delete from patients.{table} t where t.token = any(cast(:tokens as text[]))
      and not exists (select from patients.patient p where p.family_fold = t.token)
      and not exists (select from patients.patient p where p.given_fold = t.token)
      and not exists (select from patients.patient p where p.patronymic_fold = t.token)
"""


def forget_names(connection: Connection, tokens: Iterable[str]) -> None:
    """Take name parts that nobody bears any more out of the index."""
    distinct = sorted(set(tokens))
    for table in ("name_deletion", "name_token"):
        connection.execute(text(_FORGET.format(table=table)), {"tokens": distinct})


def index_names(connection: Connection, tokens: Iterable[str]) -> None:
    """Make folded name parts findable with one typo; for one person or, after a COPY, for a million."""
    distinct = sorted(set(tokens))
    for start in range(0, len(distinct), _BATCH):
        connection.execute(_INDEX, {"tokens": distinct[start : start + _BATCH]})
