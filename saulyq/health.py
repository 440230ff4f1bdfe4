"""What runs and answers: the rows of `saulyq status`."""

import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping

import psutil

from saulyq.parts import Part, parts
from saulyq.settings import Settings
from saulyq.supervisor import program_states

Component = dict[str, object]
ANSWER_SECONDS = 5.0


def components(current: Settings) -> list[Component]:
    """Every part, whether it runs or not."""
    listeners = _listeners()
    states = program_states(current)
    return [_component(current, part, listeners, states) for part in parts(current)]


def answers(current: Settings, part: Part) -> bool:
    """Whether a part does what it is for: shows its page, or takes connections."""
    if part.page is not None or part.probe is not None:
        return page_of(current, part) is not None
    try:
        socket.create_connection(("127.0.0.1", part.port), timeout=1).close()
    except OSError:
        return False
    return True


def page_of(current: Settings, part: Part) -> str | None:
    """The address that answers 200 to a stranger, after the redirects a browser would follow."""
    address = part.page or part.probe
    if address is None:
        return None
    request = urllib.request.Request(  # noqa: S310
        current.local_url(part.port) + address, headers={"Accept": "text/html"}
    )
    # a proxy of the user's shell must not stand between two processes of one machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            return str(answer.url) if answer.status == 200 else None
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError):
        return None


def _component(current: Settings, part: Part, listeners: Mapping[int, int], states: Mapping[str, str]) -> Component:
    row: Component = {"name": part.name, "ok": False, "port": part.port, "pid": listeners.get(part.port)}
    # a process behind the part that has no port of its own, such as Dagster's daemon
    others_run = all(states.get(program.name) == "RUNNING" for program in part.programs[1:])
    if part.name == "database":
        row["ok"] = _database_answers(current)
    elif part.page is None:
        row["ok"] = part.port in listeners and (part.probe is None or page_of(current, part) is not None)
    elif part.port in listeners and (url := page_of(current, part)) is not None:
        row |= {"ok": others_run, "url": url}
    return row


def _database_answers(current: Settings) -> bool:
    from saulyq import postgres

    if current.database_url_outside is None:
        return postgres.running(current)
    import psycopg

    try:
        psycopg.connect(current.libpq_url("app"), connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


def _listeners() -> dict[int, int]:
    """Port → process for everything that listens and that this user may see."""
    try:
        found = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        found = []
    return {
        connection.laddr[1]: connection.pid
        for connection in found
        if connection.status == psutil.CONN_LISTEN and len(connection.laddr) > 1 and connection.pid
    }
