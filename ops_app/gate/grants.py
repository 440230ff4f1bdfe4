"""What each database role may do; everything else is refused by the server."""

from __future__ import annotations

from collections.abc import Iterator

from ops_app.kit.model import Base

APP, PIPELINE, EGRESS, DASHBOARDS = "saulyq_app", "saulyq_pipeline", "saulyq_egress", "saulyq_dashboards"

# Sessions, codes and the typo index are not records of care; their rows may go.
DELETABLE_SCHEMAS = ("accounts", "jobs")
# A queue is emptied; the rows it names stay. Which services a workplace does is set anew as a whole,
# and so is what a facility keeps from applications of patients. News that was put away is shown again.
DELETABLE_TABLES = (
    "home.dismissed_release",
    "imaging.commitment_report",
    "laboratory.workplace_service",
    "notifications.muted_kind",
    "patients.name_deletion",
    "patients.name_token",
    "personal_data.application_limit",
    "security.unsealed",
    "signatures.challenge",
)
APPEND_ONLY_SCHEMAS = ("audit",)


def module_schemas() -> list[str]:
    """Schemas of the modules, without the gate's own."""
    found = {table.schema for table in Base.metadata.tables.values() if table.schema}
    return sorted(found - {"vault", "inbox"})


def statements() -> Iterator[str]:
    """Yield the grants, after taking everything away."""
    roles = ", ".join((APP, PIPELINE, EGRESS, DASHBOARDS))
    yield f"revoke all on schema public from public, {roles}"
    for schema in (*module_schemas(), "vault", "inbox", "anon"):
        yield f"revoke all on schema {schema} from public, {roles}"
        yield f"revoke all on all tables in schema {schema} from public, {roles}"
    for schema in module_schemas():
        rights = "select, insert" if schema in APPEND_ONLY_SCHEMAS else "select, insert, update"
        if schema in DELETABLE_SCHEMAS:
            rights += ", delete"
        yield f"grant usage on schema {schema} to {APP}"
        yield f"grant {rights} on all tables in schema {schema} to {APP}"
        yield f"grant usage on all sequences in schema {schema} to {APP}"
    for table in DELETABLE_TABLES:
        yield f"grant delete on {table} to {APP}"
    yield f"grant usage on schema vault, inbox to {APP}"
    yield f"grant select on vault.pseudonym, vault.practitioner_number, inbox.signal to {APP}"
    yield from _job_queue()
    yield f"grant usage on schema anon to {PIPELINE}"
    yield f"grant select on all tables in schema anon to {PIPELINE}"
    yield f"grant usage on schema inbox to {EGRESS}"
    yield f"grant select, insert on inbox.signal to {EGRESS}"


def _job_queue() -> Iterator[str]:
    # Tables and functions of the job library: requests queue jobs, the worker runs and removes them.
    schema = "procrastinate"
    everyone = ", ".join((APP, PIPELINE, EGRESS, DASHBOARDS))
    yield f"revoke all on schema {schema} from public, {everyone}"
    yield f"revoke all on all tables in schema {schema} from public, {everyone}"
    yield f"revoke all on all functions in schema {schema} from public, {everyone}"
    yield f"grant usage on schema {schema} to {APP}"
    yield f"grant select, insert, update, delete on all tables in schema {schema} to {APP}"
    yield f"grant usage on all sequences in schema {schema} to {APP}"
    yield f"grant execute on all functions in schema {schema} to {APP}"
