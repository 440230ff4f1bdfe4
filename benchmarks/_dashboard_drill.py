"""The questions a dashboard asks while somebody drills from the region down to the cases."""

from __future__ import annotations

import random
from collections.abc import Iterator

from _installation import SEED

from dashboards.data import QUERIES, Warehouse
from dashboards.identity import Scope
from dashboards.place import Place
from warehouse import query

PAGE_ROWS = 50

Asked = tuple[str, str, dict[str, object]]
"""Step, SQL, parameters."""


def opened() -> Warehouse:
    """The served file as an official of the whole region has it open: only the nodes in scope."""
    nodes = query.run_sql("select organization_id from marts.dim_organization where not is_external")
    scope = Scope(nodes=frozenset(int(str(node["organization_id"])) for node in nodes))
    connection = query.connect_current()
    assert connection is not None
    return Warehouse(connection, scope, scope)


def path_down(warehouse: Warehouse, code: str, period: str, chosen: random.Random) -> Iterator[Asked]:
    """Figures, trend and first page of cases at each level of one way down."""
    place = Place()
    while True:
        yield "trend", _sql("trend"), {"code": code, **place.filters}
        page = {"rows": "denominator", "size": PAGE_ROWS, "start": 0}
        yield "cases", _sql("cases"), {"code": code, "period": period, **page, **place.filters}
        unit = place.next_unit
        if unit is None:
            return
        figures = {"code": code, "period": period, "unit": unit, **place.nodes}
        yield f"figures by {unit}", _sql("figures"), figures
        rows = warehouse.ask(_sql("figures"), figures).to_dicts()
        if not rows:
            return
        row = chosen.choice(rows)
        place = place.below(unit, row["practitioner_code"] if unit == "practitioner" else row["unit_id"])


def questions(warehouse: Warehouse, months: dict[str, list[str]]) -> list[Asked]:
    """One way down for each indicator and month."""
    chosen = random.Random(SEED)
    return [
        asked
        for code, newest in months.items()
        for period in newest
        for asked in path_down(warehouse, code, period, chosen)
    ]


def _sql(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
