"""Writes reports/requirements.json after a whole run: which tests hold which requirement, passed or not."""

import json
from pathlib import Path

import pytest

REPORT = Path(__file__).resolve().parent.parent / "reports" / "requirements.json"
PROPERTY = "requirements"

_passed: dict[str, dict[str, bool]] = {}


# before xdist adds the group of a test to its name
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each test carry its requirements to the process that writes the report."""
    for item in items:
        named = {str(requirement) for marker in item.iter_markers("req") for requirement in marker.args}
        if named:
            item.user_properties.append((PROPERTY, {"test": item.nodeid, "holds": sorted(named)}))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test holds its requirements when its call passed and neither set-up nor tear-down failed."""
    if report.skipped or (report.when != "call" and report.passed):
        return
    for name, value in report.user_properties:
        if name == PROPERTY and isinstance(value, dict):
            test = value["test"]
            for requirement in value["holds"]:
                nodes = _passed.setdefault(requirement, {})
                nodes[test] = report.passed and nodes.get(test, True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report, unless only some of the tests were asked for or this is a worker of a parallel run."""
    whole = session.config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if not whole or session.config.option.collectonly or hasattr(session.config, "workerinput"):
        return
    rows = {
        requirement: {"tests": sorted(nodes), "passed": all(nodes.values())}
        for requirement, nodes in sorted(_passed.items())
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
