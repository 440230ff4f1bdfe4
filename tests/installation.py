"""An installation for tests: its own home and ports, and databases cloned from one migrated template."""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine

from saulyq import postgres
from saulyq.settings import Settings, settings

ROOT = Path(__file__).resolve().parent.parent
PORTS = 12
# tests ask for correctness, never for survival of a power cut
FAST_SERVER = "fsync=off synchronous_commit=off full_page_writes=off shared_buffers=256MB file_copy_method=clone"


@dataclass
class Database:
    """A database of the test server; engines made here are closed with it."""

    name: str
    settings: Settings
    engines: dict[str, Engine] = field(default_factory=dict)

    def url(self, role: str = "owner") -> str:
        """SQLAlchemy address for a role: owner, app, pipeline, egress, dashboards."""
        return self.settings.database_url(role, self.name)

    def libpq(self, role: str = "owner") -> str:
        """Plain libpq address for a role."""
        return self.settings.libpq_url(role, self.name)

    def engine(self, role: str = "app") -> Engine:
        """One SQLAlchemy engine per role."""
        if role not in self.engines:
            self.engines[role] = create_engine(self.url(role))
        return self.engines[role]

    def close(self) -> None:
        """Close the engines and drop the database."""
        for engine in self.engines.values():
            engine.dispose()
        postgres.drop_database(self.settings, self.name)


@dataclass
class Installation:
    """A home, a block of ports and the environment that names both."""

    home: Path
    port_base: int
    settings: Settings
    template: str | None = None
    clones: int = 0

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a command that works on this installation."""
        return os.environ | {
            "SAULYQ_HOME": str(self.home),
            "SAULYQ_PORT_BASE": str(self.port_base),
            "SAULYQ_LANGUAGE": "en",
        }

    def run(
        self, *arguments: str, check: bool = True, timeout: float = 300, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `saulyq …` as a user would."""
        result = subprocess.run(
            [sys.executable, "-m", "saulyq.cli", *arguments],
            cwd=ROOT,
            env=self.environment | extra,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check and result.returncode != 0:
            raise AssertionError(
                f"saulyq {' '.join(arguments)} → {result.returncode}\n{result.stdout}\n{result.stderr}"
            )
        return result

    def new_database(self) -> Database:
        """A fresh clone of the migrated template."""
        if self.template is None:
            self.template = "saulyq_template"
            migrate_template(self.settings, self.template)
        self.clones += 1
        name = f"saulyq_test_{self.clones}"
        postgres.create_database(self.settings, name, self.template, by_files=True)
        return Database(name, self.settings)


def migrate_template(current: Settings, name: str) -> None:
    """Make the database that tests clone: migrated, with everything the gate generates."""
    from ops_app import migrations
    from ops_app.gate import install

    postgres.create_database(current, name)
    migrations.upgrade(current.database_url("owner", name))
    install.apply(current.database_url("owner", name))


def free_port_base() -> int:
    """The first of a block of free ports, below the range the system hands out by itself."""
    for _ in range(200):
        base = random.randrange(15000, 31000, PORTS)
        if all(_is_free(port) for port in range(base, base + PORTS)):
            return base
    raise RuntimeError("no free block of ports")


def make_installation() -> Installation:
    """A new home in a temporary folder; nothing is started."""
    home = Path(tempfile.mkdtemp(prefix="saulyq-test-"))
    base = free_port_base()
    current = Settings(home=home, port_base=base, postgres_options=FAST_SERVER)
    return Installation(home, base, current)


def remove_installation(installation: Installation) -> None:
    """Stop the server of a test installation and remove its files."""
    postgres.stop(installation.settings)
    shutil.rmtree(installation.home, ignore_errors=True)


def use_installation(installation: Installation) -> None:
    """Make it the installation of this process: `settings()` reads the environment."""
    os.environ["SAULYQ_HOME"] = str(installation.home)
    os.environ["SAULYQ_PORT_BASE"] = str(installation.port_base)
    os.environ["SAULYQ_POSTGRES_OPTIONS"] = FAST_SERVER
    os.environ.pop("SAULYQ_DATABASE_URL", None)
    settings.cache_clear()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
