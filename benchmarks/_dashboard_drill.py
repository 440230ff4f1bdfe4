"""The questions a dashboard asks while somebody drills from the region down to the cases."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from _installation import SEED

from dashboards import counts
from dashboards.data import Warehouse
from dashboards.identity import Scope
from dashboards.place import Place
from warehouse import query

PAGE_ROWS = 50

Asked = tuple[str, str, dict[str, object]]
"""Step, query of the dashboards, parameters."""


def opened() -> tuple[Warehouse, float]:
    """The served file as an official of the whole region has it open, only the nodes in scope, and the seconds that
    its counts took: pages that come before they are made are answered from the cases."""
    nodes = query.run_sql("select organization_id from marts.dim_organization where not is_external")
    scope = Scope(nodes=frozenset(int(str(node["organization_id"])) for node in nodes))
    connection = query.connect_current()
    assert connection is not None
    warehouse = Warehouse(connection, scope, scope)
    started = time.perf_counter()
    warehouse.use(counts.count(connection))
    return warehouse, time.perf_counter() - started


def path_down(warehouse: Warehouse, code: str, period: str, chosen: random.Random) -> Iterator[Asked]:
    """Figures, trend and first page of cases at each level of one way down."""
    place = Place()
    while True:
        yield "trend", "trend", {"code": code, **place.filters}
        page = {"rows": "denominator", "size": PAGE_ROWS, "start": 0}
        yield "cases", "cases", {"code": code, "period": period, **page, **place.filters}
        unit = place.next_unit
        if unit is None:
            return
        figures = {"code": code, "period": period, "unit": unit, **place.nodes}
        yield f"figures by {unit}", "figures", figures
        rows = warehouse.ask("figures", figures).to_dicts()
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
