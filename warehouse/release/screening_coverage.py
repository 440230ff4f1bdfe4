"""Screening coverage: eligible → listed → recorded → confirmed, by site, age and sex, for each programme."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from warehouse.release.places import PlaceKey, Places, leaf_of, places_of
from warehouse.release.table import STEPS, Coordinates, Table, categories

# A person eligible in a month has one row in each of the three steps' indicators.
PEOPLE = """
select
    dimension as programme,
    region_id,
    organization_id,
    site_id,
    coalesce(age_group, 'unknown') as age_group,
    coalesce(sex, 'unknown') as sex,
    bool_or(indicator_code like '%_listed' and in_numerator) as is_listed,
    bool_or(indicator_code like '%_recorded' and in_numerator) as is_recorded,
    bool_or(indicator_code like '%_confirmed' and in_numerator) as is_confirmed
from indicators.indicator_case
where indicator_code like 'screening\\_%' escape '\\' and period = $period and in_denominator
group by case_id, programme, region_id, organization_id, site_id, age_group, sex
"""
PERIOD = """
select max(period) from indicators.indicator_case
where indicator_code like 'screening\\_%' escape '\\' and starts_with(period, $period)
"""


@dataclass(frozen=True)
class Coverage:
    """The tables of one month, a table a programme."""

    period: str
    places: Places
    tables: Mapping[str, Table]

    def family(self, programme: str) -> str:
        """Releases of one family count the same people."""
        return f"screening_coverage/{programme}/{self.period[:4]}"


def read_coverage(
    connection: duckdb.DuckDBPyConnection, period: str, only: frozenset[int] | None = None
) -> Coverage | None:
    """Count the people of a month (of a year: its last month); None if there are none.

    `only` keeps the organisations and sites somebody may see.
    """
    [(found,)] = connection.execute(PERIOD, {"period": period}).fetchall()
    if found is None:
        return None
    counted: dict[str, Counter[tuple[PlaceKey, str, str, str]]] = {}
    for programme, region, organization, site, age, sex, *steps in connection.execute(
        PEOPLE, {"period": found}
    ).fetchall():
        if only is not None and organization not in only and site not in only:
            continue
        counted.setdefault(programme, Counter())[(region, organization, site), age, sex, _step(*steps)] += 1
    if not counted:
        return None
    places = places_of((key[0] for people in counted.values() for key in people), connection)
    tables = {}
    for programme, people in sorted(counted.items()):
        ages = categories("age", sorted({age for _, age, _, _ in people}))
        sexes = categories("sex", sorted({sex for _, _, sex, _ in people}))
        counts: dict[Coordinates, int] = {
            (leaf_of(place), age, sex, step): count for (place, age, sex, step), count in people.items()
        }
        tables[programme] = Table((places.dimension, ages, sexes, STEPS), counts)
    return Coverage(str(found), places, tables)


def _step(is_listed: bool, is_recorded: bool, is_confirmed: bool) -> str:
    state = "confirmed" if is_confirmed else "typed" if is_recorded else "waiting"
    return f"{'listed' if is_listed else 'unlisted'} {state}"
