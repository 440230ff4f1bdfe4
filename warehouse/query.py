"""Reading the served warehouse: read-only, exact figures, rows as dictionaries.

Before the first publication there is nothing to read, and every list is empty.
"""

import datetime as dt
import json
import re
import threading
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.settings import warehouse_settings

Row = dict[str, object]
Unit = Literal["organization", "site", "practitioner"]

# a file may be retired between reading the pointer and opening it; the pointer then names a newer one
OPEN_ATTEMPTS = 3
INSTANCE_FAILED = (duckdb.FatalException, duckdb.InternalException)
"""After these DuckDB answers nothing more in this instance: whoever keeps one open opens another."""
FILE_STAMP = re.compile(r"(\d{8})T?(\d{6})")

_sharing = threading.Lock()
_shared: dict[str, object] = {}

ANSWERED = (
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.PRAGMA,
    duckdb.StatementType.CALL,
    # PIVOT without its values named
    duckdb.StatementType.MULTI,
)
UNIT_COLUMNS: dict[Unit, str] = {
    "organization": "organization_id",
    "site": "site_id",
    "practitioner": "organization_id, practitioner_code",
}
SUBTREE = """
with recursive subtree as (
    select organization_id from marts.dim_organization where organization_id = $organization
    union
    select child.organization_id
    from marts.dim_organization as child
    inner join subtree on child.parent_id = subtree.organization_id
)

select node.organization_id, node.kind
from marts.dim_organization as node
inner join subtree on node.organization_id = subtree.organization_id
"""


class QueryError(Exception):
    """A question the warehouse cannot answer; the text, with ``%(name)s`` for each value, says why."""

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message, self.values = message, values


class UnknownCode(QueryError):
    """A signal or indicator that the catalogue does not have."""


def current_file() -> Path | None:
    """The served warehouse file, or None before the first publication."""
    settings = warehouse_settings()
    try:
        name = settings.pointer.read_text().strip()
    except FileNotFoundError:
        return None
    return settings.warehouse / name if name else None


def connect_current() -> duckdb.DuckDBPyConnection | None:
    """Open the served warehouse read-only, without access to other files or the network."""
    for attempt in range(OPEN_ATTEMPTS):
        path = current_file()
        if path is None:
            return None
        try:
            return _opened(path)
        except duckdb.IOException as error:
            if attempt == OPEN_ATTEMPTS - 1:
                raise QueryError(
                    "the warehouse file %(file)s cannot be opened: %(error)s", file=path.name, error=error
                ) from None
    return None


def run_sql(sql: str) -> list[Row]:
    """Answer one question; the connection itself refuses writes and outside files.

    DuckDB runs several statements and answers the last alone, and makes temporary tables that are gone at once: whoever
    wrote either would take the answer for something else.
    """
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(str(error).strip()) from None
    if len(statements) > 1:
        raise QueryError("these are %(count)s statements; ask one question at a time", count=len(statements))
    if statements and statements[0].type not in ANSWERED:
        raise QueryError(
            "%(statement)s is no question; the warehouse is read only, so write a SELECT",
            statement=statements[0].type.name,
        )
    return _rows(sql, {})


def signal_cases(code: str, organization: int | None = None, state: str | None = None) -> list[Row]:
    """Cases of a signal in its rule's window, oldest first; by default open and closed."""
    _require_code("signals", code)
    conditions = ["signal_code = $code"]
    parameters: dict[str, object] = {"code": code}
    if state is not None:
        conditions.append("state = $state")
        parameters["state"] = state
    return _filtered(
        "select * from signals.signal_case", conditions, parameters, organization, "order by known_at, case_id"
    )


def indicator_catalog() -> list[Row]:
    """Every indicator with its titles, definitions and source."""
    return _rows("select * from indicators.catalog order by code", {})


def signal_catalog() -> list[Row]:
    """Every signal with its titles, definition and source."""
    return _rows("select * from signals.catalog order by code", {})


def indicator_figures(code: str, unit: Unit, period: str | None = None) -> list[Row]:
    """Numerator and denominator of an indicator for each unit and period.

    A site is a node of the organisation tree, so its rows too are keyed by `organization_id`.
    Cases that belong to no site (or no practitioner) have no row of their own at that level.
    """
    _require_code("indicators", code)
    conditions = ["indicator_code = $code"]
    parameters: dict[str, object] = {"code": code}
    if period is not None:
        conditions.append("period = $period")
        parameters["period"] = period
    columns = UNIT_COLUMNS[unit]
    conditions += [f"{column.strip()} is not null" for column in columns.split(",")]
    shown = columns.replace("site_id", "site_id as organization_id")
    return _rows(
        f"""
        select {shown}, indicator_code, period,
            count(*) filter (where in_numerator) as numerator,
            count(*) filter (where in_denominator) as denominator
        from indicators.indicator_case
        where {" and ".join(conditions)}
        group by {columns}, indicator_code, period
        order by {columns}, period
        """,
        parameters,
    )


def indicator_cases(
    code: str,
    organization: int | None = None,
    period: str | None = None,
    practitioner: str | None = None,
) -> list[Row]:
    """The cases behind a figure, with the evidence and the reason of each exclusion."""
    _require_code("indicators", code)
    conditions = ["indicator_code = $code"]
    parameters: dict[str, object] = {"code": code}
    for column, value in (("period", period), ("practitioner_code", practitioner)):
        if value is not None:
            conditions.append(f"{column} = ${column}")
            parameters[column] = value
    return _filtered(
        "select * from indicators.indicator_case", conditions, parameters, organization, "order by period, case_id"
    )


def build_info() -> Row:
    """Engine, build time and `as_of` of the served warehouse; all null before the first publication."""
    empty: Row = {"engine": None, "built_at": None, "as_of": None, "lag_seconds": None}
    path = current_file()
    if path is None or not path.exists():
        return empty
    described = _described(path)
    as_of = described.get("as_of") or _newest_as_of()
    lag = (dt.datetime.now(dt.UTC) - as_of).total_seconds() if isinstance(as_of, dt.datetime) else None
    return empty | {
        "engine": described.get("engine") or "duckdb",
        "built_at": described.get("built_at") or _stamped(path),
        "as_of": as_of,
        "lag_seconds": None if lag is None else max(0, round(lag)),
    }


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    # given at opening it cannot be switched on again by a query, and every connection of a process agrees
    connection = duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"})
    connection.execute("set timezone = 'UTC'")
    return connection


def _shared_cursor() -> duckdb.DuckDBPyConnection | None:
    """A cursor on the one connection this process keeps to the served file; a new file replaces it."""
    path = current_file()
    if path is None:
        return None
    with _sharing:
        if _shared.get("path") != path or not path.exists():
            connection = connect_current()
            if connection is None:
                return None
            _shared.update(path=path, connection=connection)
        kept = _shared["connection"]
    assert isinstance(kept, duckdb.DuckDBPyConnection)
    return kept.cursor()


def _described(path: Path) -> Row:
    """What the publication wrote beside the file: engine, built_at, as_of."""
    try:
        stored = json.loads(path.with_suffix(".json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {
        "engine": stored.get("engine"),
        "built_at": _moment(stored.get("built_at")),
        "as_of": _moment(stored.get("as_of")),
    }


def _moment(text: str | None) -> dt.datetime | None:
    if not text:
        return None
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _stamped(path: Path) -> dt.datetime:
    found = FILE_STAMP.search(path.stem)
    if found:
        return dt.datetime.strptime("".join(found.groups()), "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)


def _newest_as_of() -> dt.datetime | None:
    rows = _rows("select max(as_of) as as_of from signals.signal_case", {})
    newest = rows[0]["as_of"] if rows else None
    return newest if isinstance(newest, dt.datetime) else None


def _require_code(schema: Literal["signals", "indicators"], code: str) -> None:
    known = [str(row["code"]) for row in _rows(f"select code from {schema}.catalog order by code", {})]
    if known and code not in known:
        listed = ", ".join(known)
        if schema == "signals":
            raise UnknownCode("no signal %(code)s; there are: %(known)s", code=code, known=listed)
        raise UnknownCode("no indicator %(code)s; there are: %(known)s", code=code, known=listed)


def _filtered(
    select: str, conditions: list[str], parameters: dict[str, object], organization: int | None, order: str
) -> list[Row]:
    if organization is not None and current_file() is not None:
        conditions = [*conditions, _within(organization)]
    return _rows(f"{select} where {' and '.join(conditions)} {order}", parameters)


def _within(organization: int) -> str:
    """The condition that a case belongs to a node of the organisation tree.

    A figure shown for an organisation counts the cases it owns, so its drill-down asks the same column: the site of a
    case may lie in another organisation than its owner. The nodes are numbers in the question and not a join, so that
    DuckDB skips what cannot match; as a join, at 100,000,000 cases, it also met an error of DuckDB 2.0.0 that ends
    every later question of the process.
    """
    nodes = {int(str(row["organization_id"])): row["kind"] for row in _rows(SUBTREE, {"organization": organization})}
    if not nodes:
        raise UnknownCode("no organisation %(number)s; they are in marts.dim_organization", number=str(organization))
    listed = ", ".join(map(str, sorted(nodes)))
    match nodes[organization]:
        case "region":
            return f"(region_id in ({listed}) or organization_id in ({listed}))"
        case "organization":
            return f"organization_id = {organization}"
        case "site":
            return f"site_id = {organization}"
        case _:
            return f"(organization_id = {organization} or site_id in ({listed}))"


def _rows(sql: str, parameters: dict[str, object]) -> list[Row]:
    connection = _shared_cursor()
    if connection is None:
        return []
    with connection:
        try:
            cursor = connection.execute(sql, parameters)
            # DuckDB answers a text without a statement with nothing at all
            if cursor is None:
                raise QueryError("the question is empty; write a SELECT")
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        except duckdb.Error as error:
            if isinstance(error, INSTANCE_FAILED):
                with _sharing:
                    _shared.clear()
            raise QueryError(str(error).strip()) from None
