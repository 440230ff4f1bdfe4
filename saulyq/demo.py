"""The demo district: made once, only in an empty installation, and continued to the present at later starts."""

import datetime as dt
import json
from typing import LiteralString

import psycopg

from saulyq import children
from saulyq.errors import UsageError
from saulyq.language import N_, _
from saulyq.output import say
from saulyq.settings import Mode, Settings

PEOPLE = 20_000
YEARS = 2
SEED = 1
ACCOUNTS = "demo_accounts.json"
LOOK_FIRST = (
    N_("This is a demo: every person in it is made up. Look first at:"),
    N_("1. the work list of a doctor in the operational app, then a patient's card as a timeline"),
    N_("2. the signal list SIG-02 as an official: cases without names, and a decision on one"),
    N_("3. the dashboards: from a figure down to its cases"),
    N_("4. the laboratory as technician and labdoctor: an order in each state, a control that failed"),
    N_("5. the asset graph in Dagster: every table from the gate to the signals"),
)
HAS_RECORDS = """
SELECT EXISTS (SELECT FROM patients.patient) OR EXISTS (SELECT FROM organizations.organization)
"""
IS_MIGRATED = (
    "SELECT to_regclass('patients.patient') IS NOT NULL AND to_regclass('organizations.organization') IS NOT NULL"
)
HAS_DISTRICT = "SELECT to_regclass('synthetic.region') IS NOT NULL"


def check_allowed(current: Settings, with_demo: bool) -> None:
    """A production installation and synthetic people never share a home."""
    if current.mode is not Mode.production:
        return
    if with_demo:
        raise UsageError("a production installation holds no synthetic people; start it without --demo")
    if current.demo_file.exists():
        raise UsageError("%(home)s holds synthetic people; give production a SAULYQ_HOME of its own", home=current.home)


def refuse_among_records(current: Settings) -> None:
    """Synthetic people are not put among real ones, and a start that asks for them there changes nothing."""
    has_district, has_records = _what_is_there(current)
    if has_records and not has_district:
        raise UsageError(
            "%(home)s holds records that are no demo; start it with saulyq up, "
            "or give the demo a SAULYQ_HOME of its own",
            home=current.home,
        )


def ensure(current: Settings) -> bool:
    """Make the demo district or continue it to now; says whether its warehouse was built just now."""
    has_district, _ = _what_is_there(current)
    if has_district:
        _continue_to_now(current)
    else:
        say("making the demo district: %(people)s people, %(years)s years", people=PEOPLE, years=YEARS)
        children.run(current, "load", "region", "--people", str(PEOPLE), "--years", str(YEARS), "--seed", str(SEED))
    _show_laboratory(current)
    if (current.home / "warehouse" / "current").exists():
        return False
    say("building the warehouse")
    children.run(current, "pipeline", "run")
    return True


def mark(current: Settings, people: int, years: int, seed: int) -> None:
    """Remember that this home holds synthetic people: its pages say so, and production refuses it."""
    made_on = dt.datetime.now(dt.UTC).date().isoformat()
    draft = current.demo_file.with_suffix(".new")
    draft.write_text(json.dumps({"made_on": made_on, "people": people, "years": years, "seed": seed}))
    draft.rename(current.demo_file)


def what_to_see(current: Settings, first_time: bool) -> list[str]:
    """What a newcomer to the demo should look at first, and as whom, in his language."""
    if not current.demo_file.exists():
        return []
    passwords = current.secrets_dir / ACCOUNTS
    lines = ["", *(f"  {_(line)}" for line in LOOK_FIRST), ""]
    if first_time and passwords.exists():
        accounts = json.loads(passwords.read_text())
        lines += [f"     {login:<14} {account['password']}" for login, account in accounts.items()]
    return [*lines, "  " + _("Logins and passwords of the demo are kept in %(file)s", file=passwords)]


def _continue_to_now(current: Settings) -> None:
    from ingestion.bulk import region
    from saulyq.progress import progress_bars

    with progress_bars() as progress:
        region.continue_to_now(database_url=current.database_url("app"), progress=progress)


def _show_laboratory(current: Settings) -> None:
    from ingestion.bulk.region import laboratory

    if laboratory.show(current.database_url("app"), current.secrets_dir):
        say("the laboratory of the demo district has a morning of orders")


def _what_is_there(current: Settings) -> tuple[bool, bool]:
    """Whether the demo district is there, and whether anything is."""
    with psycopg.connect(current.libpq_url("owner")) as connection:
        return (
            _holds(connection, HAS_DISTRICT),
            _holds(connection, IS_MIGRATED) and _holds(connection, HAS_RECORDS),
        )


def _holds(connection: psycopg.Connection, question: LiteralString) -> bool:
    row = connection.execute(question).fetchone()
    return row is not None and bool(row[0])
