"""The pages say what the code does: generated ones are fresh, named files and commands exist, languages agree."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.content.tables import ROOT, mixed_words

DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]
FOLDERS = (
    *("saulyq", "ops_app", "ingestion", "pipelines", "dbt_project", "quality", "warehouse", "dashboards"),
    *("benchmarks", "tests", "docs", "scripts", "deploy"),
)
# `warehouse/…` is also a folder of an installation, `dashboards/…` and `dagster/…` too
PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
# at the start of a line, after a path, or inside quotes: not the user or folder of that name
COMMAND = re.compile(r"(?:^|[`/(] ?|&& |\$\(|= ?)saulyq ((?:[a-z]+(?:-[a-z]+)* ?){1,2})", re.MULTILINE)
OF_AN_INSTALLATION = ("warehouse/build", "warehouse/build/", "dashboards/", "warehouse/saulyq")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """docs/generate.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["privacy", "cli", "controls"])
def test_generated_pages_follow_the_code(generator: ModuleType, name: str) -> None:
    written = (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")
    assert written == generator.PAGES[name](), "run: make docs"


def test_the_privacy_page_lets_no_identifier_pass(generator: ModuleType) -> None:
    """The page is read by people who decide; a direct identifier or free text beside a view's column is an alarm."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", generator.privacy_page(), re.MULTILINE)
    assert len(rows) > 300
    assert {passes for _, kind, passes in rows if kind in ("direct", "free_text")} == {"—"}
    assert ("birth_date", "quasi", "`birth_month`") in rows


def test_requirements_say_what_held_them(
    generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "requirements.json"
    report.write_text(
        '{"REG-04": {"tests": ["tests/a.py::test_b"], "passed": true}, "SIG-02": {"tests": [], "passed": false}}'
    )
    monkeypatch.setattr(generator, "REPORT", report)
    page = generator.requirements_page()
    assert re.search(r"^\| REG-04 \| .* \| held \| `tests/a.py` \|$", page, re.MULTILINE)
    assert re.search(r"^\| SIG-02 \| .* \| failing \|  \|$", page, re.MULTILINE)
    assert "Held: 1 of " in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_files_and_links_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {path for path in PATH.findall(text) if path not in OF_AN_INSTALLATION}
    missing = [path for path in sorted(named) if not (ROOT / path).exists()]
    missing += [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_commands_exist(page: Path, commands: set[str]) -> None:
    for words in COMMAND.findall(_code(page)):
        first, *rest = words.split()
        assert first in {command.split()[0] for command in commands}, f"saulyq {words}"
        group = {command.split()[1] for command in commands if command.split()[0] == first and " " in command}
        if group and rest:
            assert rest[0] in group, f"saulyq {words}"


@pytest.fixture(scope="module")
def commands(generator: ModuleType) -> set[str]:
    """Every command of the command line, without the word saulyq."""
    return set(re.findall(r"^## saulyq (.+)$", generator.cli_page(), re.MULTILINE))


def test_every_command_is_explained(commands: set[str], generator: ModuleType) -> None:
    sections = generator.cli_page().split("\n## ")[1:]
    assert len(commands) > 20
    for section in sections[:-1]:
        title, _, rest = section.partition("\n\n")
        assert len(rest.partition("\n\n")[0].split()) >= 3, title


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in WRITTEN:
        named = set(re.findall(r"\bmake ([a-z-]+)", _code(page)))
        assert named <= targets, f"{page.name}: {named - targets}"


def test_pages_for_users_come_in_both_languages() -> None:
    kazakh = {page.name: page.read_text(encoding="utf-8") for page in (DOCS / "user" / "kk").glob("*.md")}
    russian = {page.name: page.read_text(encoding="utf-8") for page in (DOCS / "user" / "ru").glob("*.md")}
    assert set(kazakh) == set(russian) >= {"registrar.md", "doctor.md", "official.md", "chief-physician.md"}
    for name, text in kazakh.items():
        assert text.count("\n## ") == russian[name].count("\n## "), name
        assert not mixed_words(text), name
        assert not mixed_words(russian[name]), name
        assert set("әғқңөұүһі") & set(text), name


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def _code(page: Path) -> str:
    """What a page shows as code: prose may say 'saulyq' and 'make' as words."""
    return "\n".join(_pieces(page.read_text(encoding="utf-8")))


def _pieces(text: str) -> Iterator[str]:
    yield from re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE)
    yield from re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", text)
