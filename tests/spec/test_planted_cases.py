"""Every planted case is on its list in its state, and no trap is."""

from __future__ import annotations

import pytest

from tests.spec.conftest import District

SIGNALS = ("SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-10", "MAT-11")


@pytest.mark.req("SIG-01", "SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-10", "MAT-11")
@pytest.mark.parametrize("code", SIGNALS)
def test_planted_cases_are_found_and_traps_are_not(district: District, code: str) -> None:
    expectations = [row for row in district.planted if row["signal"] == code]
    assert {row["expected"] for row in expectations} >= {"open", "absent"}
    listed = {row["case_id"]: row for row in district.ask("signals", "list", code)}
    wrong = []
    for row in expectations:
        found = listed.get(row["case_id"])
        state = found["state"] if found else "absent"
        if state != row["expected"]:
            wrong.append((row["case_id"], row["expected"], state))
        elif found and found["organization_id"] != row["organization_id"]:
            wrong.append((row["case_id"], row["organization_id"], found["organization_id"]))
    assert wrong == []


def test_a_state_filter_divides_the_list(district: District) -> None:
    everything = district.ask("signals", "list", "SIG-02")
    parts = [district.ask("signals", "list", "SIG-02", "--state", state) for state in ("open", "closed")]
    assert sum(len(part) for part in parts) == len(everything)


def test_an_organisation_sees_its_own_cases_only(district: District) -> None:
    everything = district.ask("signals", "list", "SIG-07")
    owner = everything[0]["organization_id"]
    own = district.ask("signals", "list", "SIG-07", "--org", str(owner))
    assert {row["organization_id"] for row in own} == {owner}
    assert len(own) == sum(row["organization_id"] == owner for row in everything)
