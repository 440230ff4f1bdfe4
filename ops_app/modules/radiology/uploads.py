"""Files a member of staff brings: DICOM objects, zip archives of them, removable media with a DICOMDIR."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.modules.imaging.models import Study
from ops_app.modules.imaging.storing import Origin, store_file

MOST_FILES = 20_000
MOST_BYTES = 2 * 1024**3
"""Of one file, and of everything in one archive."""

Outcome = Literal["stored", "duplicate", "conflict", "skipped", "refused"]


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one file; ``told`` is for the person who brought it."""

    name: str
    outcome: Outcome
    told: str
    study_id: int | None = None
    needs_person: bool = False


def take(session: Session, actor: Actor, organization_id: int, name: str, sent: BinaryIO) -> list[Brought]:
    """Store one uploaded file, or every file of an archive; an archive is read where it lies, one file at a time."""
    if zipfile.is_zipfile(sent):
        return list(_archive(session, actor, organization_id, name, sent))
    sent.seek(0)
    return [_one(session, actor, Origin("upload", organization_id=organization_id), name, sent.read())]


def _archive(session: Session, actor: Actor, organization_id: int, name: str, sent: BinaryIO) -> Iterator[Brought]:
    with zipfile.ZipFile(sent) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
            yield Brought(name, "refused", _("The archive is too large: divide it"))
            return
        medium = any(PurePosixPath(entry.filename).name.upper() == "DICOMDIR" for entry in entries)
        origin = Origin("media" if medium else "upload", organization_id=organization_id)
        for entry in entries:
            shown = f"{name} › {entry.filename}"
            try:
                with archive.open(entry) as packed:
                    # the size in the archive's list may lie
                    unpacked = packed.read(entry.file_size + 1)
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
                yield Brought(shown, "refused", _("This file of the archive is damaged or has a password"))
                continue
            if len(unpacked) > entry.file_size:
                yield Brought(shown, "refused", _("This file of the archive is damaged or has a password"))
                continue
            yield _one(session, actor, origin, shown, unpacked)


def _one(session: Session, actor: Actor, origin: Origin, name: str, content: bytes) -> Brought:
    last = PurePosixPath(name.split(" › ")[-1].replace("\\", "/")).name
    if last.upper() == "DICOMDIR":
        return Brought(name, "skipped", _("The index of the medium; its files are stored one by one"))
    if last.startswith(".") or last.lower() in ("autorun.inf", "thumbs.db"):
        return Brought(name, "skipped", _("No part of a study"))
    if not content:
        return Brought(name, "refused", _("The file is empty"))
    try:
        with session.begin_nested():
            stored = store_file(session, actor, content, origin)
    except OpsError as refused:
        return Brought(name, "refused", refused.message)
    study = session.scalar(select(Study).where(Study.study_uid == stored.study_uid))
    needs_person = study is None or study.patient_id is None
    told = {
        "stored": _("stored"),
        "duplicate": _("was stored before"),
        "conflict": _("another file with the same number is stored; somebody has to choose"),
    }[stored.outcome]
    return Brought(name, stored.outcome, told, study.id if study else None, needs_person)
