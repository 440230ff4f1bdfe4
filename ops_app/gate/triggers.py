"""Triggers the gate lives by: the watermark, pseudonyms, and what a corrected birth date touches."""

from __future__ import annotations

from collections.abc import Iterator

from ops_app.gate.views import exported_tables, subject_of
from ops_app.kit.model import Base
from ops_app.kit.privacy import Subject

_TOUCH_FUNCTION = """
create or replace function vault.touch_row() returns trigger language plpgsql as $$
begin
  new.row_xid := pg_current_xact_id()::text::bigint;
  return new;
end $$
"""

_PSEUDONYM_FUNCTIONS = """
create or replace function vault.name_patients() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into vault.pseudonym (patient_id) select id from fresh on conflict do nothing;
  return null;
end $$;
create or replace function vault.number_practitioners() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into vault.practitioner_number (practitioner_id) select id from fresh order by id on conflict do nothing;
  return null;
end $$
"""

# The queue of the sealer: filled by the database, so that no writer can forget it.
_AUDIT_QUEUE_FUNCTION = """
create or replace function vault.queue_events() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
  insert into security.unsealed (event_id) select id from fresh;
  return null;
end $$
"""


def _birth_date_function() -> str:
    # Events carry the age at the event, so a corrected birth date makes new versions of all of them.
    updates = "\n".join(
        f"  update {table.fullname} set row_xid = row_xid where patient_id = new.id;"
        for table in exported_tables()
        if subject_of(table) is Subject.EVENT
    )
    return (
        "create or replace function vault.touch_events() returns trigger language plpgsql as $$\n"
        f"begin\n{updates}\n  return null;\nend $$"
    )


TOUCH = "touch_row"
"""The trigger that never changes: one that is there need not be made again."""


def functions() -> Iterator[str]:
    """Yield the SQL of the functions that triggers call."""
    yield _TOUCH_FUNCTION
    yield _PSEUDONYM_FUNCTIONS
    yield _AUDIT_QUEUE_FUNCTION
    yield _birth_date_function()


def triggers() -> Iterator[tuple[str, str, str]]:
    """Yield table, name and idempotent SQL of each trigger."""
    for table in Base.metadata.sorted_tables:
        if "row_xid" in table.columns:
            yield (
                table.fullname,
                TOUCH,
                f"create or replace trigger {TOUCH} before update on {table.fullname} "
                "for each row execute function vault.touch_row()",
            )
    yield (
        "patients.patient",
        "name_patients",
        "create or replace trigger name_patients after insert on patients.patient "
        "referencing new table as fresh for each statement execute function vault.name_patients()",
    )
    yield (
        "audit.event",
        "queue_events",
        "create or replace trigger queue_events after insert on audit.event "
        "referencing new table as fresh for each statement execute function vault.queue_events()",
    )
    yield (
        "organizations.practitioner",
        "number_practitioners",
        "create or replace trigger number_practitioners after insert on organizations.practitioner "
        "referencing new table as fresh for each statement execute function vault.number_practitioners()",
    )
    yield (
        "patients.patient",
        "touch_events",
        "create or replace trigger touch_events after update of birth_date on patients.patient "
        "for each row when (old.birth_date is distinct from new.birth_date) execute function vault.touch_events()",
    )
