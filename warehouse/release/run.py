"""Named releases: read, protect, write, log; in that order, or nothing is left behind."""

import os
import pwd
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from warehouse.query import build_info, connect_current
from warehouse.release import texts
from warehouse.release.indicator_figures import Breakdown, release_figures
from warehouse.release.ledger import Asked, Entry, open_ledger
from warehouse.release.protect import Protected, Unknown, Unsafe
from warehouse.release.publish import notes, percent, publish
from warehouse.release.screening_coverage import Coverage, read_coverage
from warehouse.release.status import PRIMARY, PUBLISHED, SECONDARY
from warehouse.release.texts import Text
from warehouse.release.workbook import Value, Workbook
from warehouse.settings import warehouse_settings

PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
STEP_NODES = ("eligible", "listed", "recorded", "confirmed")


def run(
    name: str,
    period: str,
    out: Path,
    user: str | None = None,
    threshold: int | None = None,
    aggregator: str | None = None,
    shell: str | None = None,
) -> dict[str, object]:
    """Write a named release into a folder; `Unsafe` says why it may not be. The release names the aggregator.

    `user` is whose release it is, `shell` the account of the operating system that typed the command, where one did.

    The answer has release, period, number (in the log), as_of, threshold, files, and cells by table.
    """
    releases = {"screening_coverage": _screening_coverage}
    known = name.replace("-", "_")
    if known not in releases:
        raise Unknown(texts.NO_RELEASE.filled(name=name, known=", ".join(releases)))
    if not PERIOD.fullmatch(period):
        raise Unknown(texts.NO_PERIOD.filled(period=period))
    with _warehouse() as connection:
        whose = user or pwd.getpwuid(os.getuid()).pw_name
        return releases[known](connection, period, out, whose, _threshold(threshold), aggregator, shell)


def run_figures(
    code: str,
    period: str,
    out: Path,
    user: str,
    *,
    only: frozenset[int] | None = None,
    down_to: str = "site",
    by: Breakdown | None = None,
    threshold: int | None = None,
    aggregator: str | None = None,
) -> dict[str, object]:
    """Write the figures of any indicator for a month, as a dashboard shows them; `Unsafe` says why it may not be.

    `only` are the organisations and sites the user may see (None: all), `down_to` is region, organization
    or site, `by` adds one breakdown: age, sex or category (the indicator's own dimension).
    """
    with _warehouse() as connection:
        as_of = build_info()["as_of"]
        return release_figures(
            connection,
            code,
            period,
            out,
            user,
            _threshold(threshold),
            as_of,
            aggregator,
            only=only,
            down_to=down_to,
            by=by,
        )


def _threshold(asked: int | None) -> int:
    return asked or warehouse_settings().small_cell_threshold


def _warehouse() -> duckdb.DuckDBPyConnection:
    connection = connect_current()
    if connection is None:
        raise Unsafe(texts.NOT_BUILT)
    return connection


def _screening_coverage(
    connection: duckdb.DuckDBPyConnection,
    period: str,
    out: Path,
    user: str,
    threshold: int,
    aggregator: str | None,
    shell: str | None,
) -> dict[str, object]:
    coverage = read_coverage(connection, period)
    if coverage is None:
        raise Unsafe(texts.NOBODY_ELIGIBLE.filled(period=period))
    sources = _sources(connection)
    with open_ledger() as ledger:
        protected = {
            programme: ledger.protect(Asked(coverage.family(programme), table), threshold)
            for programme, table in coverage.tables.items()
        }
        as_of = build_info()["as_of"]
        above = notes(coverage.period, as_of, threshold, aggregator)

        def write(path: Path, number: int) -> None:
            with Workbook(path, texts.COVERAGE_TITLE.en) as book:
                headings = (
                    *(texts.PROGRAMME, texts.REGION, texts.ORGANIZATION, texts.SITE, texts.AGE, texts.SEX),
                    *(texts.STEPS[step] for step in STEP_NODES),
                    *(texts.RECORDED_SHARE, texts.CONFIRMED_SHARE),
                )
                rows = [row for programme in protected for row in _rows(coverage, programme, protected[programme])]
                book.table(texts.COVERAGE_SHEET.en, texts.COVERAGE_TITLE, above, headings, 6, rows)
                _definitions(book, protected, coverage.period, as_of, threshold, number, sources)

        file_name = f"screening_coverage_{coverage.period}.xlsx"
        families = {coverage.family(programme): table for programme, table in protected.items()}
        parameters: Entry = {
            "threshold": threshold,
            "asked_period": period,
            "as_of": str(as_of),
            "aggregator": aggregator,
        }
        if shell is not None:
            parameters["shell"] = shell
        return publish(
            ledger, "screening_coverage", coverage.period, user, parameters, families, out / file_name, write
        )


def _rows(coverage: Coverage, programme: str, protected: Protected) -> Iterator[Sequence[Value]]:
    cells = protected.cells()
    _, ages, sexes, _ = protected.table.names
    title = texts.PROGRAMMES.get(programme)
    for place, path in coverage.places.paths.items():
        names = [coverage.places.titles[node].kk for node in path]
        labels = [*names, *[texts.ALL.kk] * (3 - len(names))]
        for age in ages:
            for sex in sexes:
                steps = [cells[place, age, sex, step] for step in STEP_NODES]
                if steps[0] == 0:
                    continue
                eligible, _, recorded, confirmed = steps
                yield [
                    title.kk if title else programme,
                    *labels,
                    texts.ALL.kk if age == "all" else age,
                    texts.ALL.kk if sex == "all" else texts.SEXES.get(sex, texts.SEXES["unknown"]).kk,
                    *steps,
                    percent(recorded, eligible),
                    percent(confirmed, eligible),
                ]


def _definitions(
    book: Workbook,
    protected: dict[str, Protected],
    period: str,
    as_of: object,
    threshold: int,
    number: int,
    sources: dict[str, str],
) -> None:
    def line(term: Text, *meaning: str) -> list[str]:
        return [term.together(), "\n".join(meaning)]

    shown = sum(table.how_many(PUBLISHED) for table in protected.values())
    hidden = sum(table.how_many(PRIMARY) + table.how_many(SECONDARY) for table in protected.values())
    rows = [
        *(line(texts.STEPS[step], *texts.STEP_MEANINGS[step]) for step in STEP_NODES),
        line(
            Text(*[texts.HIDDEN_MARK] * 3),
            *(one.format(below=threshold - 1) for one in texts.HIDDEN_MEANING),
        ),
        *(
            line(title, sources.get(programme, ""))
            for programme, title in texts.PROGRAMMES.items()
            if programme in protected
        ),
        line(texts.PERIOD, period),
        line(texts.AS_OF, str(as_of or "–")),
        line(texts.THRESHOLD, str(threshold)),
        line(texts.SHOWN_CELLS, str(shown)),
        line(texts.HIDDEN_CELLS, str(hidden)),
        line(texts.RELEASE_NUMBER, str(number)),
    ]
    book.texts(texts.DEFINITIONS_SHEET.en, texts.DEFINITIONS_SHEET, (texts.TERM, texts.MEANING), rows)


def _sources(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Programme → rule version and order, from the catalogue."""
    rows = connection.execute(
        "select code, rule_version, source from indicators.catalog where code like 'screening%confirmed'"
    ).fetchall()
    return {
        str(code).removeprefix("screening_").removesuffix("_confirmed"): f"{version} · {source}"
        for code, version, source in rows
    }
