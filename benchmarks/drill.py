"""How long the drill takes, region → organisation → site → practitioner → cases, on DuckDB and on PostgreSQL.

`duckdb` and `postgres` run the same SQL, that of `warehouse.query`, recorded as it asks: figures by each unit
and the cases behind some of them, for every indicator and its newest months, and the signal lists.
`command` is the whole function, as the command line calls it, opening the served file anew each time.
`dashboards` are the pages' own queries in an official's scope, on the served file.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import _dashboard_drill
import duckdb
import psycopg
from _installation import SEED, Installation, installation, is_kept, peak_memory_mb
from _report import Benchmark, at_most, percentiles_ms

from saulyq.settings import WAREHOUSE_DATABASE
from warehouse import query

YEARS = 3
MONTHS = 2
PLACES = 3
ROUNDS = 2
COMMANDS = 60
P95_MS = 100


@dataclass(frozen=True)
class Question:
    """One step of a drill and the SQL it is, or the name of the dashboards' query."""

    step: str
    ask: Callable[[], object]
    sql: str
    parameters: dict[str, object]


def main() -> None:
    """Measure, and print the line."""
    run = Benchmark("drill", __doc__ or "")
    with installation() as place:
        run.say(f"loading {run.people:,} people, {YEARS} years")
        place.load_region(run.people, YEARS)
        run.say("building the warehouse in DuckDB")
        place.saulyq("pipeline", "run")
        if not is_kept():
            # a million people are not copied into PostgreSQL for the sake of a comparison
            run.say("building the warehouse in PostgreSQL")
            place.saulyq("pipeline", "run", "--engine", "postgres")
        questions = list(recorded())
        run.say(f"asking {len(questions)} questions, {ROUNDS} rounds on each engine")
        engines = {"duckdb": on_duckdb(questions)}
        if not is_kept():
            engines["postgres"] = on_postgres(questions, place)
        pages, counted = on_dashboards()
        command = [timed(question.ask) for question in random.Random(SEED).sample(questions, COMMANDS)]
        cases = query.run_sql("select count(*) as cases from indicators.indicator_case")
    run.finish(
        {
            "drill p95 ms on the served warehouse": at_most(engines["duckdb"]["all"]["p95"], P95_MS),
            "drill p95 ms in the dashboards": at_most(pages["all"]["p95"], P95_MS),
        },
        indicator_cases=cases[0]["cases"],
        **engines,
        dashboards=pages,
        dashboards_count_seconds=round(counted, 2),
        command=percentiles_ms(command),
        peak_memory_mb=peak_memory_mb(),
    )


def newest_months() -> dict[str, list[str]]:
    """The months of each indicator that people look at."""
    found: dict[str, list[str]] = {}
    for row in query.run_sql(
        "select distinct indicator_code, period from indicators.indicator_case order by indicator_code, period desc"
    ):
        months = found.setdefault(str(row["indicator_code"]), [])
        if len(months) < MONTHS:
            months.append(str(row["period"]))
    return found


def recorded() -> Iterator[Question]:
    """Every question with the SQL that `warehouse.query` makes of it."""
    chosen = random.Random(SEED)
    for code, months in newest_months().items():
        for month in months:
            yield question("figures by organisation", query.indicator_figures, code, "organization", month)
            yield question("figures by site", query.indicator_figures, code, "site", month)
            yield question("figures by practitioner", query.indicator_figures, code, "practitioner", month)
            for organization, practitioner in places(chosen):
                yield question("cases", query.indicator_cases, code, organization, month)
                if practitioner is not None:
                    yield question("cases of a practitioner", query.indicator_cases, code, None, month, practitioner)
    for signal in query.signal_catalog():
        for organization, _ in places(chosen):
            yield question("signal list", query.signal_cases, str(signal["code"]), organization)


def places(chosen: random.Random) -> list[tuple[int, str | None]]:
    """Some nodes of the tree, each with somebody who works there."""
    rows = query.run_sql(
        "select node.organization_id, any_value(staff.practitioner_code order by staff.practitioner_code) as code "
        "from marts.dim_organization as node left join marts.dim_practitioner as staff "
        "on staff.organization_id = node.organization_id where not node.is_external "
        "group by node.organization_id, node.kind order by node.kind, node.organization_id"
    )
    several = chosen.sample(rows, min(PLACES, len(rows)))
    return [(int(str(row["organization_id"])), None if row["code"] is None else str(row["code"])) for row in several]


def question(step: str, function: Callable[..., object], *arguments: object) -> Question:
    """Call the function once and keep the last SQL it asked."""
    asked: list[tuple[str, dict[str, object]]] = []
    answer = query._rows

    def remember(sql: str, parameters: dict[str, object]) -> list[query.Row]:
        asked.append((sql, parameters))
        return answer(sql, parameters)

    query._rows = remember
    try:
        function(*arguments)
    finally:
        query._rows = answer
    sql, parameters = asked[-1]
    return Question(step, lambda: function(*arguments), sql, parameters)


def on_duckdb(questions: list[Question]) -> dict[str, dict[str, float]]:
    """Times on an open connection to the served file, as the dashboards hold one."""
    connection = query.connect_current()
    assert connection is not None

    def ask(asked: Question) -> list[tuple[object, ...]]:
        assert isinstance(connection, duckdb.DuckDBPyConnection)
        return connection.execute(asked.sql, asked.parameters).fetchall()

    with connection:
        return by_step(questions, ask)


def on_postgres(questions: list[Question], place: Installation) -> dict[str, dict[str, float]]:
    """Times of the same SQL in the warehouse database, with fresh statistics."""
    with psycopg.connect(place.settings.libpq_url("pipeline", WAREHOUSE_DATABASE), autocommit=True) as connection:
        connection.execute("analyze")

        def ask(asked: Question) -> list[tuple[object, ...]]:
            return connection.execute(in_postgres(asked.sql).encode(), asked.parameters).fetchall()

        return by_step(questions, ask)


def on_dashboards() -> tuple[dict[str, dict[str, float]], float]:
    """Times of the pages' queries, and the seconds that counting the served file took once."""
    warehouse, counted = _dashboard_drill.opened()
    asked = _dashboard_drill.questions(warehouse, newest_months())
    times = by_step(
        [Question(step, lambda: None, query, parameters) for step, query, parameters in asked],
        lambda question: warehouse.ask(question.sql, question.parameters),
    )
    return times, counted


def in_postgres(sql: str) -> str:
    """The same question: named parameters and `from x` for `select * from x` are DuckDB's spelling."""
    sql = re.sub(r"\(from (\w+)\)", r"(select * from \1)", sql)
    return re.sub(r"\$([a-z_]+)", r"%(\1)s", sql)


def by_step(questions: list[Question], ask: Callable[[Question], object]) -> dict[str, dict[str, float]]:
    """Percentiles of all questions and of each step; the first round only warms up."""
    seconds: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        for asked in questions:
            took = timed(lambda asked=asked: ask(asked))  # type: ignore[misc]
            if number:
                seconds.setdefault(asked.step, []).append(took)
    every = [took for steps in seconds.values() for took in steps]
    return {"all": percentiles_ms(every), **{step: percentiles_ms(took) for step, took in seconds.items()}}


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
