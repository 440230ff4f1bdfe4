"""Writes reports/requirements.json after a whole run: which tests hold which requirement, passed or not."""

import json
from pathlib import Path

import pytest

REPORT = Path(__file__).resolve().parent.parent / "reports" / "requirements.json"

_tests: dict[str, list[str]] = {}
_passed: dict[str, bool] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember which test names which requirement."""
    for item in session.items:
        for marker in item.iter_markers("req"):
            for requirement in marker.args:
                nodes = _tests.setdefault(str(requirement), [])
                if item.nodeid not in nodes:
                    nodes.append(item.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test counts as passed when its call passed and neither set-up nor tear-down failed."""
    if report.when == "call":
        _passed[report.nodeid] = report.passed and _passed.get(report.nodeid, True)
    elif not report.passed:
        _passed[report.nodeid] = False


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report, unless only some of the tests were asked for."""
    if session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS or session.config.option.collectonly:
        return
    rows = {
        requirement: {"tests": nodes, "passed": all(_passed.get(node, False) for node in nodes)}
        for requirement, nodes in sorted(_tests.items())
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
