"""The lists agree with a count that shares nothing with the models but the wording of the lists."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest

from tests.spec.conftest import District
from tests.spec.recount import Found, recount


@pytest.fixture(scope="module")
def counted(district: District) -> dict[str, Found]:
    # tests before this one may have changed facts: what is compared is of one moment
    built = district.ask("pipeline", "run")
    as_of = dt.datetime.fromisoformat(built["as_of"])
    with psycopg.connect(district.installation.settings.libpq_url("owner")) as connection:
        return recount(connection, as_of)


@pytest.mark.req("SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-11")
@pytest.mark.parametrize("code", ["SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-11"])
def test_a_plain_count_of_the_records_gives_the_same_list(
    district: District, counted: dict[str, Found], code: str
) -> None:
    listed = {row["case_id"]: (row["state"], row["organization_id"]) for row in district.ask("signals", "list", code)}
    assert {state for state, _ in listed.values()} == {"open", "closed"}
    differ = {
        case: (counted[code].get(case), listed.get(case))
        for case in counted[code].keys() | listed.keys()
        if counted[code].get(case) != listed.get(case)
    }
    assert differ == {}, "case: (counted, listed)"
