"""Every benchmark runs to its line at a small size, and the parts that interpret numbers are right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def run_script(name: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py"), *arguments], capture_output=True, text=True, timeout=timeout
    )


def test_each_benchmark_is_on_the_page_about_them() -> None:
    page = (FOLDER.parent / "docs" / "benchmarks.md").read_text()
    assert [name for name in NAMES if f"\n| `{name}` |" not in page] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_explains_itself(name: str) -> None:
    shown = run_script(name, "--help").stdout
    assert "--people" in shown
    assert "--json" in shown


def test_drill_questions_are_the_same_in_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from drill import in_postgres

    assert in_postgres("where site_id in (from subtree) and period = $period") == (
        "where site_id in (select * from subtree) and period = %(period)s"
    )


@pytest.mark.req("REG-08")
def test_doubles_are_found_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from _labelled_people import people
    from duplicates import measured

    result = measured(people(4000))
    assert result["precision"] >= 0.99  # type: ignore[operator]
    assert result["recall"] >= 0.95  # type: ignore[operator]


def test_percentiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from _report import percentiles_ms

    assert percentiles_ms([0.001 * n for n in range(100)]) == {"count": 100, "p50": 50.0, "p95": 95.0, "max": 99.0}


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", NAMES)
def test_a_small_run_ends_in_one_line(name: str) -> None:
    result = run_script(name, "--people", "2000", "--json", timeout=3500)
    assert result.returncode == 0, result.stderr[-3000:]
    [line] = result.stdout.splitlines()
    found = json.loads(line)
    assert found["benchmark"] == name
    assert found["people"] == 2000
    assert {"date", "hardware", "versions", "aims"} <= set(found)
    assert all({"value", "aim", "met"} == set(aim) for aim in found["aims"].values())
