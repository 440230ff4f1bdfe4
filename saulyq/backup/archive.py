"""The file of a backup: a tar inside age encryption, with a list of its parts and their sums."""

import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pyrage

from saulyq.errors import SaulyqError, Unavailable
from saulyq.postgres.cluster import binaries, environment
from saulyq.settings import Settings

CONTENTS, DUMP, FORMAT = "backup.json", "database.dump", 1
_CHUNK = 1 << 20


@contextmanager
def workspace(run_dir: Path) -> Iterator[Path]:
    """A folder for the plain copy of a backup; copies that a killed command left behind are removed first."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / "backup.lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        for left in run_dir.glob("backup-*"):
            # Whoever still works in a folder holds its lock; that of a killed process is free.
            with suppress(BlockingIOError, FileNotFoundError):
                os.close(_locked(left))
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix="backup-", dir=run_dir))
        lock = _locked(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(folder: Path) -> int:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def write(out: Path, recipient: pyrage.x25519.Recipient, parts: dict[str, Path], about: dict[str, Any]) -> None:
    """Encrypt parts into a file that bears its name only when it is whole."""
    listed = {name: {"sha256": _sha256(file), "bytes": file.stat().st_size} for name, file in parts.items()}
    contents = json.dumps(about | {"format": FORMAT, "parts": listed}, indent=1).encode()
    draft = out.with_name(f".{out.name}.part")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
            _encrypt(target, recipient, parts, contents)
            target.flush()
            os.fsync(target.fileno())
        draft.rename(out)
    except OSError as error:
        raise SaulyqError("%(file)s cannot be written: %(reason)s", file=out, reason=error.strerror or error) from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _encrypt(target: Any, recipient: pyrage.x25519.Recipient, parts: dict[str, Path], contents: bytes) -> None:
    # The tar goes through a pipe, so that no second plain copy lies on the disk.
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def pack() -> None:
        try:
            with os.fdopen(writing, "wb") as plain, tarfile.open(fileobj=plain, mode="w|") as tar:
                head = tarfile.TarInfo(CONTENTS)
                head.size = len(contents)
                tar.addfile(head, io.BytesIO(contents))
                for name, file in parts.items():
                    tar.add(file, arcname=name, recursive=False)
        except BaseException as error:
            failures.append(error)

    packer = threading.Thread(target=pack)
    packer.start()
    with os.fdopen(reading, "rb") as plain:
        pyrage.encrypt_io(plain, target, [recipient])
    packer.join()
    if failures:
        raise failures[0]


@contextmanager
def opened(file: Path, identity: pyrage.x25519.Identity, run_dir: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """The contents of a backup and the folder it was unpacked into, every part checked against its sum."""
    if not file.is_file():
        raise Unavailable("there is no file %(file)s", file=file)
    with workspace(run_dir) as folder:
        plain = folder / "plain.tar"
        try:
            pyrage.decrypt_file(str(file), str(plain), [identity])
        except (pyrage.DecryptError, OSError) as error:
            # The library says a damaged stream as an error of input without a number; a full disk has one.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise SaulyqError(
                "%(file)s cannot be opened: it is damaged, or made for another key (%(error)s)", file=file, error=error
            ) from None
        try:
            with tarfile.open(plain) as tar:
                tar.extractall(folder / "parts", filter="data")
        except tarfile.TarError as error:
            raise SaulyqError("%(file)s is damaged: %(error)s", file=file, error=error) from None
        plain.unlink()
        yield _contents(folder / "parts", file), folder / "parts"


def _contents(folder: Path, file: Path) -> dict[str, Any]:
    try:
        contents: dict[str, Any] = json.loads((folder / CONTENTS).read_text())
    except (OSError, ValueError):
        raise SaulyqError("%(file)s is no backup of an installation", file=file) from None
    if contents.get("format") != FORMAT:
        raise SaulyqError(
            "%(file)s has the format %(found)s; this version reads format %(known)s",
            file=file,
            found=contents.get("format"),
            known=FORMAT,
        )
    for name, part in contents["parts"].items():
        if not (folder / name).is_file() or _sha256(folder / name) != part["sha256"]:
            raise SaulyqError("%(file)s is damaged: %(name)s is not what was saved", file=file, name=name)
    return contents


def check(settings: Settings, file: Path, identity: pyrage.x25519.Identity) -> dict[str, Any]:
    """Open a backup, check every part, and read the dump through to its end."""
    with opened(file, identity, settings.run_dir) as (contents, folder):
        run_tool("pg_restore", ["--file=/dev/null", str(folder / DUMP)])
        return {**contents, "ok": True}


def run_tool(program: str, arguments: Sequence[str], url: str | None = None) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, which other users cannot see."""
    variables = environment()
    listed = list(arguments)
    if url is not None:
        parts = urlsplit(url)
        login, _at, address = parts.netloc.rpartition("@")
        user, _colon, password = login.partition(":")
        variables["PGPASSWORD"] = password
        listed = ["--dbname", urlunsplit(parts._replace(netloc=f"{user}@{address}")), *listed]
    done = subprocess.run([str(binaries() / program), *listed], env=variables, capture_output=True, text=True)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise SaulyqError("%(program)s failed: %(reason)s", program=program, reason=reason)


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while piece := source.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()
