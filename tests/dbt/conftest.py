"""One build of the hand-made district, shared by the tests that only read it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.dbt.district import AS_OF, LOADED, District
from tests.dbt.engine import Rows, Warehouse
from tests.dbt.stories import tell_all


@dataclass(frozen=True)
class Told:
    """The district after its stories, and the warehouse built from it."""

    district: District
    warehouse: Warehouse

    @property
    def ids(self) -> dict[str, int]:
        """Row ids by story."""
        return self.district.ids

    def rows(self, sql: str) -> Rows:
        """Answer of the warehouse."""
        return self.warehouse.rows(sql)


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The district, extracted once and built with every dbt test."""
    home = tmp_path_factory.mktemp("district")
    district = tell_all(District(home / "lake"))
    district.lake.extract(LOADED)
    warehouse = Warehouse(home / "duckdb", home / "lake")
    warehouse.dbt("build", as_of=AS_OF.isoformat())
    return Told(district, warehouse)
