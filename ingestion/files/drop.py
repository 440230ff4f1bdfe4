"""Watches the folders of devices: a file that has come whole is archived, then moved aside."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from dataclasses import dataclass, field
from os import stat_result
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ingestion.archive import Archive, Received
from ingestion.files.tables import LARGEST
from ops_app.modules.devices import queries as devices

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
QUIET_FOR = 3.0
"""A file that grew or changed within these seconds is still being written."""
EMPTY_FOR = 600.0
"""A file that is still empty after these seconds is told of; it stays, for its device may yet write into it."""
FOLLOWED_FOR = 3600.0
"""So long a taken file is looked at: a device that writes a row now and then goes on writing where it was moved to."""
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp", ".lock")
TAKEN, REFUSED = "taken", "refused"


@dataclass
class Drop:
    """The folders of one installation, ``<home>/devices/<sender>``."""

    root: Path
    archive: Archive
    engine: Engine
    quiet_for: float = QUIET_FOR
    _seen: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _taken: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _told: set[tuple[Path, int]] = field(default_factory=set)

    def look(self) -> int:
        """Archive every file that has not changed since the last look; says how many."""
        with Session(self.engine) as session:
            senders = [device.sender for device in devices.active(session, "file")]
        seen: dict[Path, tuple[int, int]] = {}
        taken = 0
        self._give_back()
        for sender in senders:
            folder = self.root / sender
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(each for each in folder.iterdir() if _is_candidate(each)):
                try:
                    taken += self._consider(sender, path, seen)
                except OSError as error:
                    # a file that cannot be read or moved waits for a person; those beside it do not
                    log.warning("%s of %s: %s", _shown(path.name), sender, error.strerror)
                    self._tell(sender, path, "The file cannot be read or moved away: its folder does not allow it")
        self._seen = seen
        return taken

    def _consider(self, sender: str, path: Path, seen: dict[Path, tuple[int, int]]) -> bool:
        try:
            about = path.stat()
        except FileNotFoundError:
            return False
        state = (about.st_size, about.st_mtime_ns)
        seen[path] = state
        quiet = time.time() - about.st_mtime
        if self._seen.get(path) != state or quiet < self.quiet_for:
            return False
        if not about.st_size:
            if quiet > EMPTY_FOR:
                self._tell(sender, path, "The file is empty")
            return False
        if about.st_size > LARGEST:
            self._tell(sender, path, "The file is too large")
            _move(path, REFUSED, str(about.st_mtime_ns))
            return False
        raw = path.read_bytes()
        if path.stat().st_mtime_ns != about.st_mtime_ns or len(raw) != about.st_size:
            return False
        digest = hashlib.sha256(raw).hexdigest()[:32]
        kept = self.archive.keep(
            Received(
                "file",
                sender,
                None,
                digest,
                path.suffix.lstrip(".").lower() or None,
                raw,
                None,
                _shown(path.name),
                f"file:{sender}",
            )
        )
        # only after it is durable; a file found again after a crash is recognised by its content
        self._taken[_move(path, TAKEN, str(kept.id))] = state
        log.info("file %s of %s%s", kept.id, sender, ", known" if kept.duplicate else "")
        return not kept.duplicate

    def _give_back(self) -> None:
        """What was written on after it was taken comes back under its new name, to be taken with all its rows."""
        for path, state in list(self._taken.items()):
            try:
                now = path.stat()
                if (now.st_size, now.st_mtime_ns) != state:
                    log.info("%s was written on after it was taken", _shown(path.name))
                    os.replace(path, path.parent.parent / path.name)
                elif time.time() - now.st_mtime < FOLLOWED_FOR:
                    continue
            except OSError as error:
                log.warning("%s: %s", _shown(path.name), error.strerror)
            del self._taken[path]

    def _tell(self, sender: str, path: Path, why: str) -> None:
        """Let a person see a file that was not taken, once: what came of it is its name."""
        about: stat_result = path.stat()
        if (path, about.st_mtime_ns) in self._told:
            return
        name = _shown(path.name)
        error = {"segment": "file", "field": None, "component": None, "code": "207", "text": why}
        number = hashlib.sha256(f"{why} {name} {about.st_size} {about.st_mtime_ns}".encode()).hexdigest()[:32]
        kind = path.suffix.lstrip(".").lower() or None
        self.archive.keep(Received("file", sender, None, number, kind, b"", None, name, f"file:{sender}", None, error))
        self._told.add((path, about.st_mtime_ns))


def _is_candidate(path: Path) -> bool:
    name = path.name.lower()
    hidden = name.startswith((".", "~$"))
    return not hidden and not name.endswith(UNFINISHED) and path.is_file() and not path.is_symlink()


def _shown(name: str) -> str:
    """A name as text: devices with Windows write the letters of another table than UTF-8."""
    raw = os.fsencode(name)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace")


def _move(path: Path, where: str, number: str) -> Path:
    target = path.parent / where
    target.mkdir(exist_ok=True)
    moved = target / f"{number}_{path.name}"
    os.replace(path, moved)
    return moved
