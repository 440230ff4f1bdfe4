"""The parts of an installation: what runs, on which port, and which page shows that it works."""

import sys
from dataclasses import dataclass
from pathlib import Path

from saulyq.language import N_
from saulyq.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable


@dataclass(frozen=True)
class Program:
    """One supervised process."""

    name: str
    command: list[str]
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    stop_as_group: bool = True


@dataclass(frozen=True)
class Part:
    """What `status` lists: a port, perhaps a page, and the programs behind it."""

    name: str
    title: str
    port: int
    programs: list[Program]
    page: str | None = None
    probe: str | None = None
    """An address that shows to programs that the part works; nobody else needs it."""
    address: str = "127.0.0.1"


def database_part(current: Settings) -> Part:
    """PostgreSQL; an outside server has no program here."""
    port = current.postgres_port
    if current.database_url_outside is not None:
        from urllib.parse import urlsplit

        return Part("database", "PostgreSQL", urlsplit(current.database_url_outside).port or 5432, [])
    # SIGINT is PostgreSQL's fast shutdown; its children end by themselves
    launcher = Program(
        "database", [PYTHON, "-m", "saulyq.postgres.process"], stop_signal="INT", stop_seconds=60, stop_as_group=False
    )
    return Part("database", "PostgreSQL", port, [launcher])


def parts(current: Settings) -> list[Part]:
    """Every part, the database first: the others need it."""
    return [
        database_part(current),
        _ops(current),
        _worker(current),
        _dicom(current),
        _ingest(current),
        _hl7(current),
        _astm(current),
        *_dagster(current),
        _dashboards(current),
    ]


def _ops(current: Settings) -> Part:
    command = [
        *(PYTHON, "-m", "uvicorn", "ops_app.app:served_app", "--factory"),
        *("--host", current.bind, "--port", str(current.ops_port)),
        # an access log would hold the names that people search for
        *("--no-access-log", "--no-server-header"),
        *("--workers", str(current.ops_processes)),
        # a worker that is busy with a large export is not dead
        *("--timeout-worker-healthcheck", "60"),
    ]
    programs = [Program("ops", command)]
    return Part("ops", N_("Operational app"), current.ops_port, programs, page="/", address=current.bind)


def _worker(current: Settings) -> Part:
    # a job that is sending gets a quarter of a minute to end; one that is cut off is repeated
    program = Program("worker", [PYTHON, "-m", "ops_app.worker"], stop_seconds=20)
    return Part("worker", "Background jobs", current.worker_port, [program], probe="/heartbeat")


def _dicom(current: Settings) -> Part:
    program = Program("dicom", [PYTHON, "-m", "ingestion.dicom.gateway"], stop_seconds=20)
    return Part("dicom", "DICOM gateway", current.dicom_port, [program], address=current.dicom_bind or current.bind)


def _ingest(current: Settings) -> Part:
    program = Program("ingest", [PYTHON, "-m", "ingestion.interpreter"])
    return Part("ingest", "Inbound messages", current.ingest_port, [program], probe="/heartbeat")


def _hl7(current: Settings) -> Part:
    program = Program("hl7", [PYTHON, "-m", "ingestion.hl7.gateway"])
    return Part("hl7", "HL7 v2 gateway", current.hl7_port, [program], address=current.bind)


def _astm(current: Settings) -> Part:
    program = Program("astm", [PYTHON, "-m", "ingestion.astm"])
    return Part("astm", "Analysers (ASTM)", current.astm_port, [program], address=current.bind)


def _dagster(current: Settings) -> list[Part]:
    workspace = str(current.home / "dagster" / "workspace.yaml")
    code = [
        *(PYTHON, "-m", "dagster", "api", "grpc", "--module-name", "pipelines.definitions"),
        *("--host", "127.0.0.1", "--port", str(current.dagster_code_port), "--location-name", "saulyq"),
    ]
    # Dagster knows no sign-in: its pages run inside a guard that does
    pages = [PYTHON, "-m", "saulyq.dagster_guard", workspace]
    daemon = [PYTHON, "-m", "dagster._daemon", "run", "--workspace", workspace]
    return [
        Part("dagster-code", "Dagster code", current.dagster_code_port, [Program("dagster-code", code)]),
        Part(
            "dagster",
            "Dagster",
            current.dagster_port,
            [Program("dagster", pages), Program("dagster-daemon", daemon)],
            page="/",
            address=current.bind,
        ),
    ]


def _dashboards(current: Settings) -> Part:
    command = [
        *(PYTHON, "-m", "streamlit", "run", str(ROOT / "dashboards" / "app.py")),
        *("--server.address", current.bind, "--server.port", str(current.dashboards_port)),
        *("--server.headless", "true", "--server.fileWatcherType", "none"),
        *("--browser.gatherUsageStats", "false", "--client.toolbarMode", "minimal"),
        *("--secrets.files", str(current.home / "dashboards" / "secrets.toml")),
    ]
    programs = [Program("dashboards", command)]
    return Part("dashboards", N_("Dashboards"), current.dashboards_port, programs, page="/", address=current.bind)
