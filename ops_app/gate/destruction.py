"""The one function that destroys a person's data, generated from the privacy class of every column.

What may not pass the gate is what names a person, so the same classes say what destruction erases: ``direct``,
``free_text`` and ``quasi`` columns of every table whose rows are about the person, and of the tables below them.
Dates, codes and numbers stay as facts about nobody: the pseudonym is gone, and the warehouse forgets by the tombstone.

The app may call it only with an act that two people have signed; the function looks for itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from ops_app.gate.views import privacy_of
from ops_app.kit.model import Base
from ops_app.kit.privacy import Privacy

PERSON = "patients.patient"
KEPT = {
    "personal_data.destruction_act": "the act itself; it names nobody",
    "vault.pseudonym": "removed as a whole",
}
ERASED = "destroyed"
NAMING = (Privacy.DIRECT, Privacy.FREE_TEXT, Privacy.QUASI)

PATIENT_COLUMNS = {
    "temporary_id": "'destroyed-' || gen_random_uuid()",
    "family_name": "'—'",
    "given_name": "'—'",
    "family_fold": "''",
    "given_fold": "''",
    "sort_key": "''",
    "birth_date": "date_trunc('year', birth_date)::date",
    "citizenship": "'KZ'",
    "is_live": "false",
    "research_consent": "false",
}
"""Columns of the person that cannot be empty; the others that name him become empty."""


def person_conditions() -> dict[str, str]:
    """By table: the SQL condition that its row is about one of ``people``, tables above before those below."""
    found: dict[str, str] = {}
    for table in Base.metadata.tables.values():
        columns = _pointing(table, PERSON, "id")
        if table.fullname != PERSON and table.fullname not in KEPT and columns:
            found[table.fullname] = " or ".join(f"{name} = any(people)" for name in columns)
    waiting = True
    while waiting:
        waiting = False
        for table in Base.metadata.sorted_tables:
            if table.fullname in found or table.fullname == PERSON or table.fullname in KEPT:
                continue
            conditions = [
                f"{column} in (select {target} from {parent} where {found[parent]})"
                for parent in found
                for column, target in _links(table, parent)
            ]
            if conditions:
                found[table.fullname] = " or ".join(conditions)
                waiting = True
    return found


def _pointing(table: Table, target: str, column: str) -> list[str]:
    return [
        own.name for own in table.columns if any(k.target_fullname == f"{target}.{column}" for k in own.foreign_keys)
    ]


def _links(table: Table, parent: str) -> list[tuple[str, str]]:
    return [
        (own.name, key.target_fullname.rpartition(".")[2])
        for own in table.columns
        for key in own.foreign_keys
        if key.target_fullname.rpartition(".")[0] == parent
    ]


def naming_columns(table: Table) -> list[Column[object]]:
    """The columns that may say who it is."""
    return [column for column in table.columns if privacy_of(column)["privacy"] in NAMING]


def erasure(table: Table, column: Column[object]) -> str | None:
    """The value that takes the place of what a column held; None when the column must keep it.

    Empty stays empty: constraints often bind two columns to be empty together.
    """
    kind, name = column.type, f'"{column.name}"'
    if isinstance(kind, Text):
        new = f"'{ERASED}-' || gen_random_uuid()" if _is_unique(table, column) else f"'{ERASED}'"
    elif isinstance(kind, JSONB):
        new = "case jsonb_typeof(" + name + ") when 'array' then '[]'::jsonb else '{}'::jsonb end"
    elif isinstance(kind, LargeBinary):
        new = "''::bytea"
    elif isinstance(kind, ARRAY):
        new = "'{}'"
    elif column.nullable and isinstance(kind, BigInteger | Integer | SmallInteger | Date | DateTime | Boolean):
        return "null"
    else:
        return None
    return f"case when {name} is null then null else {new} end" if column.nullable else new


def _is_unique(table: Table, column: Column[object]) -> bool:
    if column.primary_key or column.unique:
        return True
    return any(index.unique and column.name in index.columns for index in table.indexes)


def statements() -> Iterator[str]:
    """Yield the function and who may call it."""
    tables = Base.metadata.tables
    if "personal_data.destruction_act" not in tables:
        return
    updates = []
    conditions = person_conditions()
    # children first: their condition looks at rows of the tables above
    for name in reversed(list(conditions)):
        table = tables[name]
        keys = {column.name for column in table.columns if column.foreign_keys}
        values = {
            column.name: erasure(table, column)
            for column in naming_columns(table)
            if column.name not in keys and not column.primary_key
        }
        sets = ", ".join(f'"{column}" = {value}' for column, value in values.items() if value is not None)
        if sets:
            updates.append(_counted(name, f"update {name} set {sets} where {conditions[name]}"))
    patient = tables[PERSON]
    emptied = {column.name: "null" for column in naming_columns(patient) if column.nullable} | PATIENT_COLUMNS
    sets = ", ".join(f"{column} = {value}" for column, value in emptied.items())
    updates.append(_counted(PERSON, f"update {PERSON} set {sets} where id = any(people)"))
    body = ";\n  ".join(updates)
    messages = _raw_messages(tables["ingest.message"])
    yield f"""
create or replace function vault.destroy_person(act bigint) returns jsonb
language plpgsql security definer set search_path = pg_catalog as $$
<<running>>
declare
  people bigint[];
  keys text[];
  numbers bytea[];
  counts jsonb := '{{}}';
  touched bigint;
begin
  select records into people from personal_data.destruction_act
    where id = act and approved_at is not null and approved_by <> drawn_by and executed_at is null for update;
  if people is null then
    raise exception 'no act of destruction that waits for its execution' using errcode = 'check_violation';
  end if;
  keys := array(select patient_key::text from vault.pseudonym where patient_id = any(people));
  numbers := array(select convert_to(number, 'UTF8') from patients.patient p,
    unnest(array[p.iin, p.temporary_id]) number where p.id = any(people) and length(number) >= 8);
  perform set_config('saulyq.destroying', 'on', true);
  update worklist.signal_decision set comment = null where case_id in
    (select case_id from inbox.signal where patient_key = any(keys));
  update worklist.signal_opening set note = null where case_id in
    (select case_id from inbox.signal where patient_key = any(keys));
  delete from inbox.signal where patient_key = any(keys);
  update patients.patient set mother_id = null where mother_id = any(people);
  update patients.attachment set end_date = greatest(current_date, start_date + 1), end_reason = 'other'
    where patient_id = any(people) and end_date is null and start_date <= current_date;
  {body};
  {messages};
  insert into patients.tombstone (patient_key) select unnest(keys);
  delete from vault.pseudonym where patient_id = any(people);
  perform set_config('saulyq.destroying', 'off', true);
  update personal_data.destruction_act
    set executed_at = now(), patient_id = null, records = '{{}}', counts = running.counts where id = act;
  return counts;
end $$
"""
    yield "revoke all on function vault.destroy_person(bigint) from public"
    yield "grant execute on function vault.destroy_person(bigint) to saulyq_app"


def _raw_messages(table: Table) -> str:
    """Erase messages that nobody matched to the person but whose bytes hold his number; nothing reads them again."""
    values = {column.name: erasure(table, column) for column in naming_columns(table) if not column.foreign_keys}
    sets = ", ".join(f'"{column}" = {value}' for column, value in values.items() if value is not None)
    return f"""update ingest.message m set {sets}
    where exists (select from unnest(numbers) number where position(number in m.raw) > 0);
  get diagnostics touched = row_count;
  if touched > 0 then
    counts := counts || jsonb_build_object(
      'ingest.message', touched + coalesce((counts ->> 'ingest.message')::bigint, 0));
  end if;
  update ingest.message set state = 'archived' where state in ('received', 'failed') and raw = ''::bytea"""


def _counted(table: str, update: str) -> str:
    return f"""{update};
  get diagnostics touched = row_count;
  if touched > 0 then
    counts := counts || jsonb_build_object('{table}', touched);
  end if"""
