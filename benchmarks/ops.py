"""Search, card and visit over HTTP with a real server: fifty users who think, then connections that do not.

Users search for a person, open the card, open the visit form and record a visit, with the stated pauses.
Throughput is measured without pauses, on pages and on the JSON API, beside a bare FastAPI and SQLAlchemy
route and beside pgbench that run the very statements the app ran for the same requests about the same people.
The app and the bare route work by turns, so that a machine whose speed changes changes both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import quote

import _trace
from _http_load import Browser, Request, Step, Times, flat_out, with_think_times
from _installation import ROOT, Installation, installation, peak_memory_mb
from _report import Benchmark, at_least, at_most, percentiles_ms
from _staff import Doctor, csrf_token, doctors
from sqlalchemy import create_engine

from saulyq.postgres.cluster import binaries

YEARS = 2
USERS = 50
THINK_SECONDS = {"search": 4.0, "card": 4.0, "visit form": 4.0, "visit": 12.0}
WARM_SECONDS = 60
"""A server that has just started reads from the disk and composes its statements; that minute is not counted."""
WORK_SECONDS = 90
CONNECTIONS = 8
TURNS = 3
TURN_SECONDS = 4
PGBENCH_SECONDS = 8
PEOPLE_OF_EACH = 8
"""People of each connection, for the app and for what stands beside it: a person read first waits for the disk."""
OUR_PORT, BARE_PORT = 11, 12
"""Beside the base of the installation's ports."""
START_SECONDS = 60
P95_MS = 300
OF_BARE = 0.5

Operation = Callable[[Doctor], Request]
Connection = tuple[Browser, Doctor]
OPERATIONS: dict[str, Operation] = {
    "search page": lambda doctor: doctor.search(doctor.next_person(), "/patients"),
    "card page": lambda doctor: Request("GET", f"/patients/{doctor.next_person().id}"),
    "search api": lambda doctor: doctor.search(doctor.next_person(), "/api/patients"),
    "card api": lambda doctor: Request("GET", f"/api/patients/{doctor.next_person().id}/timeline"),
    "visit page": lambda doctor: doctor.visit_by_form(doctor.next_person()),
    "visit api": lambda doctor: visit_as_json(doctor),
}


def main() -> None:
    """Measure, and print the line."""
    run = Benchmark("ops", __doc__ or "")
    with installation() as place:
        run.say(f"loading {run.people:,} people, {YEARS} years")
        place.load_region(run.people, YEARS)
        engine = create_engine(place.settings.database_url("app"))
        staff = doctors(engine, USERS)
        with server(place, "ops_app.app:served_app", "--factory") as port:
            browsers = [signed_in(port, place, doctor) for doctor in staff]
            users = [(browser, day(doctor)) for browser, doctor in zip(browsers, staff, strict=True)]
            run.say(f"{USERS} users warm the server up for {WARM_SECONDS} s")
            with_think_times(users, WARM_SECONDS, WARM_SECONDS / 2)
            run.say(f"{USERS} users at work for {WORK_SECONDS} s")
            times = with_think_times(users, WORK_SECONDS, sum(THINK_SECONDS.values()))
            busy = list(zip(browsers, staff, strict=True))[:CONNECTIONS]
            for _, doctor in busy:
                doctor.keep_to(PEOPLE_OF_EACH)
            run.say("recording what is asked of the database")
            traces = record(place, [doctor for _, doctor in busy])
            _trace.store(traces, place.home / "traces")
            os.environ["SAULYQ_BENCH_TRACES"] = str(place.home / "traces")
            run.say(f"{CONNECTIONS} connections without pauses, beside the bare route")
            with server(place, "_bare_app:app", "--app-dir", str(ROOT / "benchmarks"), port=BARE_PORT) as port:
                barely = [(Browser(port), doctor) for doctor in staff[:CONNECTIONS]]
                turns = {name: by_turns(name, busy, barely) for name in OPERATIONS}
        run.say("pgbench")
        url = place.settings.libpq_url("app")
        database = {
            name: _trace.pgbench(requests, binaries() / "pgbench", url, CONNECTIONS, PGBENCH_SECONDS)
            for name, requests in traces.items()
        }
        engine.dispose()
    latency = {step: percentiles_ms(took) for step, took in times.seconds.items()}
    compared = {
        name: {
            "per_second": found.ours,
            "of_bare": round(found.ours / found.bare, 3),
            "of_bare_turns": found.shares,
            "of_pgbench": round(found.ours / database[name], 3),
            "p95_ms": found.p95_ms,
            "bare_per_second": found.bare,
            "pgbench_per_second": database[name],
            "statements": len(traces[name][0]),
        }
        for name, found in turns.items()
    }
    run.finish(
        {
            "slowest p95 ms of 50 users": at_most(max(step["p95"] for step in latency.values()), P95_MS),
            "pages / bare route": at_least(worst(compared, "page"), OF_BARE),
            "api / bare route": at_least(worst(compared, "api"), OF_BARE),
        },
        users={
            "users": USERS,
            "think_seconds": THINK_SECONDS,
            "seconds": WORK_SECONDS,
            "warmed_up_seconds": WARM_SECONDS,
            "per_second": round(times.count / WORK_SECONDS, 1),
            "milliseconds": latency,
            "failures": dict(times.failures),
            "processes": place.settings.ops_processes,
        },
        throughput={"connections": CONNECTIONS, **compared},
        peak_memory_mb=peak_memory_mb(),
    )


def worst(compared: dict[str, dict[str, Any]], kind: str) -> float:
    """The smallest share of the bare route among operations of a kind."""
    return min(float(result["of_bare"]) for name, result in compared.items() if name.endswith(kind))


def day(doctor: Doctor) -> Iterator[Step]:
    """A doctor's day without end."""
    while True:
        person = doctor.next_person()
        yield "search", THINK_SECONDS["search"], doctor.search(person, "/patients")
        yield "card", THINK_SECONDS["card"], Request("GET", f"/patients/{person.id}")
        yield "visit form", THINK_SECONDS["visit form"], Request("GET", f"/patients/{person.id}/visits/new")
        yield "visit", THINK_SECONDS["visit"], doctor.visit_by_form(person)


def visit_as_json(doctor: Doctor) -> Request:
    """The same visit through the API."""
    posted = doctor.visit()
    data: dict[str, object] = {name: value for name, value in posted.items() if "-0-" not in name}
    for group in ("diagnoses", "services", "prescriptions", "referrals"):
        prefix = f"{group}-0-"
        data[group] = [{name.removeprefix(prefix): value for name, value in posted.items() if name.startswith(prefix)}]
    body = json.dumps(data).encode()
    return Request("POST", f"/api/patients/{doctor.next_person().id}/visits", body, "application/json")


def signed_in(port: int, place: Installation, doctor: Doctor) -> Browser:
    """A browser with the doctor's session, and the token its writes need."""
    browser = Browser(port, f"saulyq_{place.settings.port_base}_session={quote(doctor.session_token)}")
    status, _, page = browser.send(Request("GET", "/patients"))
    assert status == 200, f"the search page answers {status}"
    browser.use_csrf_token(csrf_token(page.decode()))
    return browser


@dataclass(frozen=True, slots=True)
class Turns:
    """Good answers a second of one operation, over all turns."""

    ours: float
    bare: float
    shares: list[float]
    """Ours of the bare route in each turn."""
    p95_ms: float


def by_turns(name: str, ours: list[Connection], bare: list[Connection]) -> Turns:
    """The app and the bare route one after another, several times."""
    numbers = count()
    took: list[tuple[Times, Times]] = [
        (one_turn(name, OPERATIONS[name], ours), one_turn(name, replayed(name, numbers), bare)) for _ in range(TURNS)
    ]
    seconds = TURNS * TURN_SECONDS
    return Turns(
        round(sum(mine.count for mine, _ in took) / seconds, 1),
        round(sum(theirs.count for _, theirs in took) / seconds, 1),
        [round(mine.count / theirs.count, 2) for mine, theirs in took],
        percentiles_ms([each for mine, _ in took for each in mine.seconds[name]])["p95"],
    )


def one_turn(name: str, make: Operation, busy: list[Connection]) -> Times:
    """A failure ends the benchmark, for it would be faster than an answer."""
    times = flat_out([(browser, lambda d=doctor: make(d)) for browser, doctor in busy], name, TURN_SECONDS)  # type: ignore[misc]
    assert not times.failures, f"{name}: {dict(times.failures)}"
    return times


def replayed(name: str, numbers: Iterator[int]) -> Operation:
    """Requests to the bare route, each recorded one in turn."""
    method = "POST" if name.startswith("visit") else "GET"
    return lambda _doctor: Request(method, f"/{quote(name)}/{next(numbers)}")


def record(place: Installation, staff: list[Doctor]) -> _trace.Traces:
    """What the app asks of the database for each operation about each of their people."""
    from fastapi.testclient import TestClient

    from ops_app.app import create_app

    app = create_app()
    cookie = f"saulyq_{place.settings.port_base}_session"
    traces: _trace.Traces = {name: [] for name in OPERATIONS}
    for doctor in staff:
        # not entered, so that nothing of the app runs but the requests: what seals the journal is no part of them
        client = TestClient(app, cookies={cookie: doctor.session_token}, follow_redirects=False)
        client.headers["X-CSRF-Token"] = csrf_token(client.get("/patients", headers={"Accept": "text/html"}).text)
        # writes first: what is read afterwards is what the turns read, for they begin with what reads
        for name, make in reversed(OPERATIONS.items()):
            for _ in range(PEOPLE_OF_EACH):
                request = make(doctor)
                headers = {"Content-Type": request.content_type} if request.content_type else {}
                with _trace.recorded(app.state.engine) as statements:
                    answer = client.request(request.method, request.path, content=request.body, headers=headers)
                assert answer.status_code in (200, 201, 303), f"{name}: {answer.status_code} {answer.text[:500]}"
                traces[name].append(list(statements))
    app.state.engine.dispose()
    return traces


@contextmanager
def server(place: Installation, application: str, *options: str, port: int = OUR_PORT) -> Iterator[int]:
    """A server with as many processes as an installation runs, ours and the bare one alike; its port."""
    port += place.settings.port_base
    command = [
        *(sys.executable, "-m", "uvicorn", application, *options),
        *("--port", str(port), "--workers", str(place.settings.ops_processes)),
        *("--log-level", "warning", "--no-access-log"),
    ]
    # what goes wrong in the server is told on its stderr, which is ours
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while Browser(port).send(Request("GET", "/health"))[0] == 0:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"benchmark: {application} does not start")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
