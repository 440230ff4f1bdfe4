"""Writes the pages of docs/reference that follow from the code: `python docs/generate.py [--check] [PAGE …]`."""

from __future__ import annotations

import csv
import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
REFERENCE = DOCS / "reference"
REQUIREMENTS = DOCS / "requirements.tsv"
REPORT = ROOT / "reports" / "requirements.json"
NOTE = "<!-- written by docs/generate.py (make docs); change the code, not this page -->"

SUBJECTS = {
    "patient": "one row a person, under a pseudonym",
    "event": "a fact about a person, under the pseudonym, with the age at the event",
    "structure": "passes with the columns below",
    "practitioner": "one row a member of staff, under a code",
    "withheld": "does not pass: the table has no view",
}


def privacy_page() -> str:
    """Each table × column × privacy class × what of it passes the gate."""
    from ops_app.gate import views
    from ops_app.models import load_all

    base = load_all()
    classes = {mapper.local_table.fullname: mapper.class_ for mapper in base.registry.mappers}
    lines = [
        "# What passes the gate",
        "",
        NOTE,
        "",
        "Every column of the operational database has a privacy class in its model; the views of schema `anon` are",
        "generated from it, and the pipeline's role can read nothing else. `direct` and `free_text` never pass,",
        "`quasi` passes only in a coarser form, `sensitive` and `plain` pass as they are. A dash: nothing passes.",
        "Besides its own columns an event has `age_at_event`, full years, computed inside the gate.",
    ]
    for table in sorted(base.metadata.tables.values(), key=lambda table: table.fullname):
        subject = views.subject_of(table)
        passing = {} if subject == "withheld" else _passing(views.create_view(table))
        sentence = re.split(r"(?<=\.)\s|\n\n", inspect.getdoc(classes[table.fullname]) or "", maxsplit=1)[0]
        lines += ["", f"## {table.fullname}", "", f"{_one_line(sentence)} Gate: {SUBJECTS[subject.value]}.", ""]
        lines += ["| column | class | passes as |", "|---|---|---|"]
        for column in table.columns:
            shown = ", ".join(f"`{name}`" for name in passing.get(column.name, [])) or "—"
            lines.append(f"| `{column.name}` | {views.privacy_of(column)['privacy'].value} | {shown} |")
    return "\n".join(lines) + "\n"


def _passing(view: str) -> dict[str, list[str]]:
    """Column of the table → columns of its view that are made of it, read from the SQL the gate runs."""
    select, _, joins = view.partition("\nfrom ")
    stands_for = dict(re.findall(r"join vault\.\w+ (\w+) on \w+\.\w+ = t\.(\w+)", joins))
    found: dict[str, list[str]] = {}
    for line in select.splitlines()[1:]:
        expression, _, name = line.strip().rstrip(",").rpartition(" as ")
        if name == "age_at_event":
            continue
        sources = set(re.findall(r"\bt\.(\w+)", expression))
        sources |= {stands_for[alias] for alias in re.findall(r"\b(vault_\w+)\.", expression)}
        for source in sorted(sources):
            found.setdefault(source, []).append(name)
    return found


def cli_page() -> str:
    """Every command with its arguments and options, and every setting."""
    from saulyq.cli import app
    from saulyq.settings import Settings

    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    lines = [
        "# The command line",
        "",
        NOTE,
        "",
        _one_line(root.help or ""),
        "",
        _one_line(root.epilog or ""),
        "",
        "`--json` prints one JSON document on stdout and nothing else there; progress and messages go to stderr.",
        "",
        "Help and messages are in Kazakh, Russian or English: `SAULYQ_LANGUAGE` (kk, ru, en), else `LC_ALL`,",
        "`LC_MESSAGES`, `LANG`; any other language is English. Logs, and keys, codes and reasons in `--json`, are",
        "always English.",
    ]
    for name, command in _commands(root, "saulyq"):
        arguments = [p for p in command.params if isinstance(p, TyperArgument)]
        options = [p for p in command.params if isinstance(p, TyperOption) and p.name != "help"]
        usage = " ".join([name, *map(_argument, arguments), *(["[OPTIONS]"] if options else [])])
        lines += ["", f"## {name}", "", _one_line(command.help or ""), "", f"    {usage}"]
        if arguments or options:
            lines += ["", "| parameter | meaning | default |", "|---|---|---|"]
        for parameter in (*arguments, *options):
            shown = _argument(parameter) if isinstance(parameter, TyperArgument) else _option(parameter)
            lines.append(f"| `{_cell(shown)}` | {_one_line(parameter.help or '')} | {_default(parameter)} |")
    lines += ["", "## Settings", "", "Read from the environment at the start of every command.", ""]
    lines += ["| variable | meaning | default |", "|---|---|---|"]
    for field_name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"SAULYQ_{field_name.upper()}")
        default = "" if field.default in (None, "") else f"`{field.default}`"
        lines.append(f"| `{variable}` | {_one_line(field.description or '')} | {default} |")
    return "\n".join(lines) + "\n"


def _commands(group: TyperGroup, name: str) -> Iterator[tuple[str, TyperCommand]]:
    """Leaf commands in the order of the help text."""
    for part, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{name} {part}")
        elif isinstance(command, TyperCommand) and not command.hidden:
            yield f"{name} {part}", command


def _argument(parameter: TyperArgument) -> str:
    name = parameter.metavar or str(parameter.name).upper()
    several = "…" if parameter.nargs == -1 else ""
    return f"{name}{several}" if parameter.required else f"[{name}{several}]"


def _option(parameter: TyperOption) -> str:
    names = ", ".join(parameter.opts)
    return names if parameter.is_flag else f"{names} {parameter.metavar or _kind(parameter)}"


def _kind(parameter: TyperOption) -> str:
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    named = {"int": "N", "Path": "PATH", "datetime": "DATE"}
    return next((word for name, word in named.items() if name in str(kind)), "TEXT")


def _default(parameter: TyperArgument | TyperOption) -> str:
    if parameter.required:
        return "required"
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    return "" if value in (None, False, "") or callable(value) else f"`{value}`"


def controls_page() -> str:
    """Each check of protection and each control of ST RK ISO/IEC 27002-2015, and the threats they stand against."""
    from ops_app.modules.protection.declarations import checks, threats

    lines = [
        "# Checks of protection",
        "",
        NOTE,
        "",
        "Administration → Protection of personal data shows how each stands now, `saulyq protection check` prints it.",
        "In production nothing leaves while a required one is not met.",
        "",
        "| check | demanded by | proved by | required | what to do |",
        "|---|---|---|---|---|",
    ]
    for each in checks().values():
        if each.kind != "controls":
            proof = "measured" if each.kind == "measured" else f"confirmed, {each.months} months"
            required = "yes" if each.required else ""
            lines.append(
                f"| {_cell(each.title.en)} | {_cell(each.source.en)} | {proof} | {required} | {_cell(each.task.en)} |"
            )
    lines += ["", "## Controls of ST RK ISO/IEC 27002-2015", ""]
    lines += ["| clause | control | in the program | operator confirms | with |", "|---|---|---|---|---|"]
    for each in checks().values():
        if each.program is not None:
            measured = ", ".join(f"`{code}`" for code in each.also)
            cells = (each.code, each.title.en, each.program.en, each.task.en, measured)
            lines.append(f"| {' | '.join(map(_cell, cells))} |")
    lines += ["", "## Threats", "", "| threat | what stands against it |", "|---|---|"]
    for threat in threats().values():
        against = "; ".join(checks()[code].title.en for code in threat.checks)
        lines.append(f"| {_cell(threat.title.en)} | {_cell(against)} |")
    return "\n".join(lines) + "\n"


def requirements_page() -> str:
    """Each requirement, and the passing tests that hold it by the last whole test run."""
    with REQUIREMENTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    report = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    held = Counter(row["area"] for row in rows if report.get(row["id"], {}).get("passed"))
    total = Counter(row["area"] for row in rows)
    lines = [
        "# Requirements and the tests that hold them",
        "",
        NOTE,
        "",
        "A requirement is held when every test that names it passed in the last whole run of `make test`, which writes",
        "`reports/requirements.json`. Those without a test are not built yet, or not proved.",
        "",
        f"Held: {sum(held.values())} of {sum(total.values())}.",
        "",
        "| area | held | of |",
        "|---|---:|---:|",
        *(f"| [{area}](#{area.lower()}) | {held[area]} | {total[area]} |" for area in sorted(total)),
    ]
    for area in sorted(total):
        lines += ["", f"## {area}", "", "| id | requirement | state | tests |", "|---|---|---|---|"]
        for row in rows:
            if row["area"] == area:
                lines.append(f"| {row['id']} | {_cell(row['requirement'])} | {_evidence(report.get(row['id']))} |")
    return "\n".join(lines) + "\n"


def _evidence(entry: dict[str, object] | None) -> str:
    if entry is None:
        return " | "
    tests = entry["tests"]
    assert isinstance(tests, list)
    files = sorted({str(test).split("::", 1)[0] for test in tests})
    return f"{'held' if entry['passed'] else 'failing'} | {', '.join(f'`{file}`' for file in files)}"


def _one_line(text: str) -> str:
    return _cell(" ".join(text.split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES: dict[str, Callable[[], str]] = {
    "privacy": privacy_page,
    "cli": cli_page,
    "controls": controls_page,
    "requirements": requirements_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check say which of them are behind the code."""
    names = [name for name in arguments if not name.startswith("-")] or list(PAGES)
    behind = []
    for name in names:
        path = REFERENCE / f"{name}.md"
        if name == "requirements" and not REPORT.exists() and path.exists():
            sys.stderr.write("requirements: run make test first, it writes reports/requirements.json\n")
            continue
        text = PAGES[name]()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        behind.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    if "--check" in arguments and behind:
        sys.stderr.write(f"behind the code: {', '.join(behind)}; run: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
