"""The demo district: made once, only in an empty installation, and continued to the present at later starts."""

import datetime as dt
import json

import psycopg

from saulyq.errors import UsageError
from saulyq.output import say
from saulyq.settings import Mode, Settings

PEOPLE = 20_000
YEARS = 3
SEED = 1
HOLDS_ANYTHING = """
select exists (select from patients.patient) or exists (select from organizations.organization)
"""


def check_allowed(current: Settings, with_demo: bool) -> None:
    """A production installation and synthetic people never share a home."""
    if current.mode is not Mode.production:
        return
    if with_demo:
        raise UsageError("a production installation holds no synthetic people; start it without --demo")
    if current.demo_file.exists():
        raise UsageError(f"{current.home} holds the demo district; give production a SAULYQ_HOME of its own")


def ensure(current: Settings) -> bool:
    """Make the demo district or continue it to now; says whether it was made (and its warehouse built)."""
    from saulyq.startup import run_command

    state = _state(current)
    if state == "ready":
        _continue_to_now(current)
        return False
    if state is None:
        if _holds_anything(current):
            say("this installation holds records already, so no demo district is made")
            return False
        _remember(current, "loading")
    say(f"making the demo district: {PEOPLE:,} people, {YEARS} years")
    run_command(current, "load", "region", "--people", str(PEOPLE), "--years", str(YEARS), "--seed", str(SEED))
    say("building the warehouse")
    run_command(current, "pipeline", "run")
    _remember(current, "ready")
    return True


def what_to_see(current: Settings) -> list[str]:
    """What a newcomer to the demo should look at first."""
    if _state(current) is None:
        return []
    return [
        "",
        "  Look first at:",
        "  1. the work list of a doctor in the operational app, then a patient's card as a timeline",
        "  2. the signal list SIG-02 in the dashboards, and from a figure down to its cases",
        "  3. the asset graph in Dagster: every table from the gate to the signals",
    ]


def _continue_to_now(current: Settings) -> None:
    from ingestion.bulk import region
    from saulyq.progress import progress_bars

    with progress_bars() as progress:
        region.continue_to_now(database_url=current.database_url("app"), progress=progress)


def _holds_anything(current: Settings) -> bool:
    with psycopg.connect(current.libpq_url("owner")) as connection:
        row = connection.execute(HOLDS_ANYTHING).fetchone()
    return bool(row and row[0])


def _state(current: Settings) -> str | None:
    try:
        return str(json.loads(current.demo_file.read_text())["state"])
    except FileNotFoundError:
        return None


def _remember(current: Settings, state: str) -> None:
    stored = {"state": state, "people": PEOPLE, "years": YEARS, "seed": SEED}
    if current.demo_file.exists():
        stored = json.loads(current.demo_file.read_text()) | {"state": state}
    else:
        stored |= {"made_on": dt.datetime.now(dt.UTC).date().isoformat()}
    draft = current.demo_file.with_suffix(".new")
    draft.write_text(json.dumps(stored))
    draft.rename(current.demo_file)
