"""Figures of one indicator for a month by place, and if asked by age, sex or category too; as dashboards show them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.release import texts
from warehouse.release.ledger import Asked, Entry, open_ledger
from warehouse.release.places import PlaceKey, Places, leaf_of, places_of
from warehouse.release.protect import Protected, Unsafe
from warehouse.release.publish import notes, percent, publish
from warehouse.release.screening_coverage import read_coverage
from warehouse.release.table import SHARE, Coordinates, Table, categories
from warehouse.release.texts import Text
from warehouse.release.workbook import Value, Workbook

Breakdown = Literal["age", "sex", "category"]
DEPTHS = {"region": 1, "organization": 2, "site": 3}
BASE: tuple[Breakdown, ...] = ("age", "sex", "category")
COUNTS = """
select region_id, organization_id, site_id, coalesce(age_group, 'unknown'), coalesce(sex, 'unknown'),
    coalesce(dimension, '-'), case when in_numerator then 'numerator' else 'rest' end, count(*)
from indicators.indicator_case
where indicator_code = $code and period = $period and in_denominator
group by all
"""


def release_figures(
    connection: duckdb.DuckDBPyConnection,
    code: str,
    period: str,
    out: Path,
    user: str,
    threshold: int,
    as_of: object,
    aggregator: str | None,
    only: frozenset[int] | None = None,
    down_to: str = "site",
    by: Breakdown | None = None,
) -> dict[str, object]:
    """Write the figures of an indicator by place (and one more breakdown) as a controlled file."""
    title = _title(connection, code)
    family, table, places = _table(connection, code, period, only)
    shown = places.levels(DEPTHS[down_to])
    table = Table(
        tuple(
            dimension.only(shown)
            if dimension.name == "place"
            else dimension
            if dimension.name in ("share", "step", by)
            else dimension.only([dimension.whole])
            for dimension in table.dimensions
        ),
        table.counts,
    )
    with open_ledger() as ledger:
        protected = ledger.protect(Asked(family, table), threshold)

        def write(path: Path, _number: int) -> None:
            with Workbook(path, title.en) as book:
                extra = () if by is None else (_heading(by),)
                headings = (
                    texts.REGION,
                    texts.ORGANIZATION,
                    texts.SITE,
                    *extra,
                    *texts.SHARES.values(),
                    texts.SHARE_HEADING,
                )
                rows = _rows(protected, places, by, code)
                above = notes(period, as_of, threshold, aggregator)
                book.table(title.en, title, above, headings, 3 + len(extra), rows)

        parameters: Entry = {
            "indicator": code,
            "threshold": threshold,
            "as_of": str(as_of),
            "down_to": down_to,
            "by": by,
            "aggregator": aggregator,
            "organizations": "all" if only is None else sorted(only),
        }
        suffix = f"_by_{by}" if by else ""
        path = out / f"{code}_{period}{suffix}_{len(ledger.entries) + 1}.xlsx"
        return publish(ledger, code, period, user, parameters, {family: protected}, path, write)


def _table(
    connection: duckdb.DuckDBPyConnection, code: str, period: str, only: frozenset[int] | None
) -> tuple[str, Table, Places]:
    if code.startswith("screening_"):
        # the steps of a programme count the same people: one family, so that no file undoes another
        programme, _, _ = code.removeprefix("screening_").rpartition("_")
        coverage = read_coverage(connection, period, only)
        if coverage is None or programme not in coverage.tables:
            raise Unsafe(texts.NO_CASE.filled(code=code, period=period))
        return coverage.family(programme), coverage.tables[programme], coverage.places
    counted: Counter[tuple[PlaceKey, Coordinates]] = Counter()
    rows = connection.execute(COUNTS, {"code": code, "period": period}).fetchall()
    for region, organization, site, *leaf, count in rows:
        if only is None or organization in only or site in only:
            counted[(region, organization, site), tuple(leaf)] += count
    if not counted:
        raise Unsafe(texts.NO_CASE.filled(code=code, period=period))
    places = places_of((place for place, _ in counted), connection)
    broken_down = (categories(name, sorted({leaf[at] for _, leaf in counted})) for at, name in enumerate(BASE))
    counts = {(leaf_of(place), *leaf): count for (place, leaf), count in counted.items()}
    return f"{code}/{period}", Table((places.dimension, *broken_down, SHARE), counts), places


def _rows(protected: Protected, places: Places, by: Breakdown | None, code: str) -> Iterator[Sequence[Value]]:
    dimensions = protected.table.dimensions
    among, of = ("denominator", "numerator")
    if dimensions[-1].name == "step":
        among, of = "eligible", code.rpartition("_")[2]
    position = next((at for at, dimension in enumerate(dimensions) if dimension.name == by), None)
    cells = protected.cells()
    for place, path in places.paths.items():
        if place not in dimensions[0].nodes:
            continue
        labels: list[Value] = [places.titles[node].kk for node in path]
        labels += [texts.ALL.kk] * (3 - len(labels))
        at = [place, *(dimension.whole for dimension in dimensions[1:-1])]
        for category in [""] if position is None else list(dimensions[position].nodes):
            extra: list[Value] = []
            if position is not None:
                at[position] = category
                extra = [texts.ALL.kk if category == dimensions[position].whole else category]
            numerator, denominator = cells[*at, of], cells[*at, among]
            if denominator != 0:
                yield [*labels, *extra, denominator, numerator, percent(numerator, denominator)]


def _heading(by: Breakdown) -> Text:
    return {"age": texts.AGE, "sex": texts.SEX, "category": texts.UNIT}[by]


def _title(connection: duckdb.DuckDBPyConnection, code: str) -> Text:
    rows = connection.execute(
        "select title_kk, title_ru, title_en from indicators.catalog where code = $code", {"code": code}
    ).fetchall()
    if not rows:
        raise Unsafe(texts.NO_INDICATOR.filled(code=code))
    return Text(*map(str, rows[0]))
