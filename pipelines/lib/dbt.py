"""Third hop: the dbt project, run as a child process with everything it writes below the data directory."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

from pipelines.lib.places import Places, Progress, silent
from saulyq.errors import SaulyqError
from warehouse.engines import BUILD_FILE, SESSION, THREADS, Engine, limits
from warehouse.lake import stamp, write_durably

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
PASSWORD_VARIABLE = "DBT_ENV_SECRET_WAREHOUSE"  # noqa: S105
AS_OF_VARIABLE = "SAULYQ_AS_OF"
KEPT_TARGETS = 5
PARSED_PROJECT = "partial_parse.msgpack"
RESULT_EVENTS = frozenset({"LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult", "LogNodeResult"})
CHANGING = ("config.materialized:incremental", "config.materialized:table", "resource_type:test")
"""What a day can change in DuckDB: its views read new tables under old names, its seeds change with the project."""
CLOCK = "int_clock+"
"""Time alone changes these."""
CONSTANT = "tag:constant"
"""Tables made of seeds alone."""


class BuildFailed(SaulyqError):
    """A model or a blocking test failed; the served warehouse stays as it was."""


@dataclass(frozen=True)
class Command:
    """A dbt command under way."""

    process: subprocess.Popen[bytes]
    target_path: Path


@dataclass(frozen=True)
class Build:
    """What one dbt command did."""

    target_path: Path
    counts: dict[str, int] = field(default_factory=dict)
    """`models`, `seeds`, `tests`, `warnings`, `errors`, `skipped`."""


def project_version(project: Path = PROJECT) -> str:
    """Hash of the project: rows built by other rules cannot be continued."""
    digest = hashlib.sha256()
    for path in sorted(project.rglob("*")):
        if path.is_file() and path.suffix in (".sql", ".yml", ".csv", ".md") and "target" not in path.parts:
            digest.update(str(path.relative_to(project)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def write_profiles(places: Places, project: Path = PROJECT) -> Path:
    """Write `profiles.yml`; it changes only when the installation does, else dbt would parse anew."""
    name = yaml.safe_load((project / "dbt_project.yml").read_text())["profile"]
    server = urlsplit(places.warehouse_url)
    outputs = {
        Engine.duckdb.value: {
            "type": "duckdb",
            "path": str(build_file(places)),
            "schema": "staging",
            "threads": THREADS,
            "config_options": limits(places.warehouse / "build" / "scratch"),
            "settings": dict(SESSION),
        },
        Engine.postgres.value: {
            "type": "postgres",
            "host": server.hostname,
            "port": server.port or 5432,
            "user": unquote(server.username or ""),
            "password": f"{{{{ env_var('{PASSWORD_VARIABLE}') }}}}",
            "dbname": server.path.lstrip("/"),
            "schema": "staging",
            "threads": THREADS,
        },
    }
    text = yaml.safe_dump({name: {"target": Engine.duckdb.value, "outputs": outputs}}, sort_keys=False)
    path = places.dbt / "profiles.yml"
    if not path.exists() or path.read_text() != text:
        write_durably(path, text)
    return places.dbt


def build_file(places: Places) -> Path:
    """The DuckDB file a build writes; nobody reads it before it is published."""
    return places.warehouse / "build" / BUILD_FILE


def environment(places: Places) -> dict[str, str]:
    """The environment dbt runs in: no telemetry, nothing written into the project."""
    return os.environ | {
        PASSWORD_VARIABLE: unquote(urlsplit(places.warehouse_url).password or ""),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "DBT_VERSION_CHECK": "true",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }


def variables(places: Places) -> dict[str, str]:
    """Variables of the project; constant for an installation, so that the parsed project is kept."""
    return {"lake_path": str(places.lake.root)}


def build(
    command: Command,
    as_of: dt.datetime,
    full: bool,
    select: Sequence[str] = (),
    progress: Progress = silent,
) -> Build:
    """Build models, seeds and tests in the order of their dependencies; a blocking failure raises."""
    arguments = build_arguments(full)
    if select and not full:
        arguments += ["--select", *select, "--exclude", CONSTANT, "--indirect-selection", "cautious"]
    # its events say what was done; writing the manifest and the results takes seconds and nobody reads them
    return run(command, [*arguments, "--no-write-json"], as_of, progress)


def what_changes(tables: Iterable[str], part: str | None) -> list[str]:
    """Selection of an increment: what follows from the tables with news and from the clock, and of it the part."""
    kinds = [part] if part is not None else CHANGING
    followers = [f"source:lake.{table}+" for table in sorted(tables)]
    return [f"{origin},{kind}" for origin in [*followers, CLOCK] for kind in kinds]


def build_arguments(full: bool) -> list[str]:
    """The command that builds everything; rules are tried on their examples when they change, which is a full build."""
    return ["build", "--full-refresh"] if full else ["build", "--exclude-resource-type", "unit_test"]


def parse(places: Places, project: Path = PROJECT) -> Path:
    """Make the manifest that Dagster's definitions are loaded from; returns its path."""
    path = places.dbt / "manifest.json"
    version_file = places.dbt / "manifest.version"
    version = project_version(project)
    places.dbt.mkdir(parents=True, exist_ok=True)
    # the code server and the process of a run may both load the definitions just now
    with (places.dbt / "parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists() or not version_file.exists() or version_file.read_text() != version:
            with started(places, Engine.duckdb, project, write_json=True) as command:
                run(command, None, None)
                write_durably(path, (command.target_path / "manifest.json").read_text())
            write_durably(version_file, version)
    return path


def run(command: Command, arguments: list[str] | None, as_of: dt.datetime | None, progress: Progress = silent) -> Build:
    """Have a started dbt do one command, or only read the project, and wait for its end."""
    counts = Counter({"models": 0, "seeds": 0, "tests": 0, "warnings": 0, "skipped": 0})
    if arguments is not None:
        tell(command, arguments, as_of)
    assert command.process.stdin is not None
    command.process.stdin.close()
    complaints = list(_follow(command.process, counts, progress))
    if command.process.wait() != 0:
        name = arguments[0] if arguments else "parse"
        raise BuildFailed(
            "dbt %(name)s failed: %(reason)s",
            name=name,
            reason=" ".join(" ".join(complaints).split()) or "no reason given",
        )
    return Build(command.target_path, dict(counts))


@contextmanager
def started(places: Places, engine: Engine, project: Path = PROJECT, write_json: bool = False) -> Iterator[Command]:
    """A dbt that reads the project meanwhile; it ends with the block, whether it was told anything or not."""
    command = start(places, engine, project, write_json)
    try:
        with command.process:
            try:
                yield command
            finally:
                command.process.kill()
    finally:
        finish(places, engine, command.target_path, keep=command.process.returncode >= 0)


def start(places: Places, engine: Engine, project: Path = PROJECT, write_json: bool = False) -> Command:
    """Start dbt in a target folder of its own, so that an orphan of a killed run disturbs nobody."""
    profiles = write_profiles(places, project)
    target = places.dbt / "target" / stamp(dt.datetime.now(dt.UTC))
    target.mkdir(parents=True)
    parsed = places.dbt / engine.value / PARSED_PROJECT
    if parsed.exists():
        shutil.copyfile(parsed, target / PARSED_PROJECT)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pipelines.lib.dbt_process"),
            *("--target", engine.value, "--project-dir", str(project), "--profiles-dir", str(profiles)),
            *("--target-path", str(target), "--log-path", str(places.dbt / "log")),
            *("--vars", json.dumps(variables(places))),
            *("--log-format", "json", "--log-level-file", "none", "--no-use-colors"),
            *([] if write_json else ["--no-write-json"]),
        ],
        cwd=project,
        env=environment(places),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return Command(process, target)


def tell(command: Command, arguments: list[str], as_of: dt.datetime | None) -> None:
    """Give a started dbt its command.

    The moment of the data is a variable of the environment and not of the project, and comes after the project was
    read: another value there would mean to read again what mentions it.
    """
    moment = {} if as_of is None else {AS_OF_VARIABLE: as_of.astimezone(dt.UTC).isoformat(sep=" ")}
    assert command.process.stdin is not None
    # a dbt that could not read the project has said so and is gone
    with suppress(BrokenPipeError):
        command.process.stdin.write(json.dumps({"arguments": arguments, "environment": moment}).encode() + b"\n")
        command.process.stdin.flush()


def finish(places: Places, engine: Engine, target: Path, keep: bool = True) -> None:
    """Keep the parsed project for the next command, unless dbt was killed over it; forget old target folders."""
    if keep and (target / PARSED_PROJECT).exists():
        parsed = places.dbt / engine.value / PARSED_PROJECT
        parsed.parent.mkdir(parents=True, exist_ok=True)
        draft = parsed.with_suffix(".draft")
        shutil.copyfile(target / PARSED_PROJECT, draft)
        draft.rename(parsed)
    for old in sorted((places.dbt / "target").iterdir())[:-KEPT_TARGETS]:
        shutil.rmtree(old, ignore_errors=True)


def _follow(process: subprocess.Popen[bytes], counts: Counter[str], progress: Progress) -> Iterator[str]:
    """Count what dbt has done while it tells it; what it complains of."""
    assert process.stdout is not None
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            # not dbt's own: a warning or a traceback of the interpreter
            yield line.decode(errors="replace").strip()
            continue
        name, data = event["info"]["name"], event["data"]
        if name in RESULT_EVENTS:
            node = data["node_info"]
            counts[f"{str(node['resource_type']).replace('unit_test', 'test')}s"] += 1
            counts["warnings"] += node["node_status"] == "warn"
            progress("dbt", int(data["index"]), int(data.get("total") or data["num_models"]))
        elif name == "StatsLine":
            counts["skipped"] = int(data["stats"]["skip"])
        elif event["info"]["level"] == "error":
            yield str(event["info"]["msg"]).strip()
