"""`saulyq ingest`: counts, lists, one message, reading again, files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from saulyq.cli import app
from tests.installation import Installation

GOOD = "MSH|^~\\&|CLI|H1|SAULYQ|KZ|20261120101500||SIU^S12|{number}|P|2.5\rSCH|1\rPID|1||1^^^CLI||Құпия^Атау\r"


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["ingest", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.req("INT-WEARABLE-03")
def test_a_file_from_the_command_line_to_its_list(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "batch.hl7"
    bad = GOOD.format(number="c3").replace("SCH|1\r", "")
    batch = f"FHS|^~\\&|CLI\rBHS|^~\\&|CLI\r{GOOD.format(number='c1')}{GOOD.format(number='c2')}{bad}BTS|3\rFTS|1\r"
    file.write_text(batch, newline="")
    taken = run("file", str(file))
    assert {name: taken[name] for name in ("read", "accepted", "refused", "duplicates")} == {
        "read": 3,
        "accepted": 2,
        "refused": 1,
        "duplicates": 0,
    }
    assert run("file", str(file))["duplicates"] == 3
    listed = run("list", "--channel", "hl7", "--sender", "CLI")
    assert [row["control_id"] for row in listed] == ["c1", "c2", "c3"]
    assert all({"control_id", "received_at", "state", "error"} <= row.keys() for row in listed)
    failed = run("list", "--sender", "CLI", "--state", "failed")
    assert [(row["control_id"], row["error"]["segment"]) for row in failed] == [("c3", "SCH")]
    told = CliRunner().invoke(app, ["ingest", "list", "--sender", "CLI", "--limit", "1"]).output.splitlines()
    assert len(told) == 2 and told[1].split()[3:5] == ["hl7", "CLI"] and " SCH: " in told[1]
    again = run("replay", "--sender", "CLI", "--state", "failed")
    assert (again["replayed"], again["messages"][0]["state"]) == (1, "failed")
    shown = run("show", str(listed[0]["id"]))
    assert shown["raw"].startswith("MSH|^~\\&|CLI")
    assert shown["segments"][2]["fields"]["5"] == "Құпия^Атау"
    assert shown["state"] == "archived"
    counted = run("status")
    assert counted["total"] == sum(counted[state] for state in ("received", "done", "failed", "archived")) >= 3
    assert counted["channels"][0]["channel"] == "hl7"
    assert CliRunner().invoke(app, ["ingest", "show", "999999"]).exit_code != 0
