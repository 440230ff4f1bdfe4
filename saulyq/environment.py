"""The environment every part runs in: nothing is reported to anybody, and the parts know their installation."""

import os

from saulyq.settings import Settings

QUIET = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "STREAMLIT_SERVER_HEADLESS": "true",
}
# set only for processes that `up` started, so that the leftovers of a killed `up` can be told apart
MARK = "SAULYQ_PART_OF"


def be_quiet() -> None:
    """Switch every library's telemetry off in this process and its children."""
    os.environ.update(QUIET)


def installation_environment(current: Settings) -> dict[str, str]:
    """Environment for a command that works on this installation, whatever directory it runs in."""
    named = {
        "SAULYQ_HOME": str(current.home),
        "SAULYQ_PORT_BASE": str(current.port_base),
        "SAULYQ_BIND": current.bind,
        "SAULYQ_POSTGRES_OPTIONS": current.postgres_options,
        "DAGSTER_HOME": str(current.home / "dagster"),
        "PYTHONUNBUFFERED": "1",
    }
    return os.environ | QUIET | named


def part_environment(current: Settings) -> dict[str, str]:
    """The same for a supervised part; what it says goes to a log, and logs are English."""
    return installation_environment(current) | {MARK: str(current.home), "SAULYQ_LANGUAGE": "en"}
