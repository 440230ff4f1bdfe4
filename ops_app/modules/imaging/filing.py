"""Where the bytes lie: one file an object, named by its own hash, durable before anybody is told so.

Names that devices send never become names of files. A file is written once under a temporary name, synced,
and then gets the name of its content; two arrivals of the same bytes meet in one file, other bytes never do.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from saulyq.settings import Settings, settings

INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Filed:
    """A stored file; ``path`` is relative to the folder of images."""

    path: str
    sha256: str
    bytes: int


def images_folder(current: Settings | None = None) -> Path:
    """The folder of all images of this installation."""
    return (current or settings()).images_dir


def full_path(path: str) -> Path:
    """The file of an index row."""
    return images_folder() / path


def incoming_folder(folder: Path) -> Path:
    """Where files lie while they arrive; what a killed process left there was never acknowledged."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder / INCOMING
    _make(found, folder)
    return found


def set_down(content: bytes, folder: Path) -> Path:
    """Write bytes under a temporary name."""
    handle, name = tempfile.mkstemp(dir=incoming_folder(folder), suffix=".dcm")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Path(name)


def sha256_of(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_away(temporary: Path, study_uid: str, folder: Path, sha256: str | None = None) -> Filed:
    """Sync an arrived file and give it its lasting name; ``sync_folders`` makes the name durable too.

    Who wrote the file may know its hash already.
    """
    handle = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(handle)
        size = os.fstat(handle).st_size
    finally:
        os.close(handle)
    digest = sha256 or sha256_of(temporary)
    study = hashlib.sha256(study_uid.encode()).hexdigest()
    path = f"{study[:2]}/{study[:32]}/{digest}.dcm"
    target = f"{folder}/{path}"
    if not os.path.isdir(os.path.dirname(target)):
        parent = folder / study[:2]
        _make(parent, folder)
        _make(parent / study[:32], folder)
        _sync(parent)
        _sync(folder)
    os.chmod(temporary, _mode_of(folder) & 0o640)
    os.rename(temporary, target)
    return Filed(path, digest, size)


def sync_folders(filed: Iterable[Filed], folder: Path) -> None:
    """Make the names of files durable; one call for a whole batch."""
    for parent in {each.path.rpartition("/")[0] for each in filed}:
        _sync(folder / parent)


def same_data_set(one: Path, other: Path, offsets: tuple[int, int]) -> bool:
    """Whether two files differ only in what stands before the data set: preamble, sender, program."""
    with one.open("rb") as left, other.open("rb") as right:
        left.seek(offsets[0])
        right.seek(offsets[1])
        while True:
            ours, theirs = left.read(1 << 20), right.read(1 << 20)
            if ours != theirs:
                return False
            if not ours:
                return True


def _mode_of(folder: Path) -> int:
    # On a server the gateway and the app are two users of one group, which the folder of images is open to.
    return folder.stat().st_mode & 0o2770


def _make(made: Path, folder: Path) -> None:
    if not made.is_dir():
        made.mkdir(exist_ok=True)
        made.chmod(_mode_of(folder))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
