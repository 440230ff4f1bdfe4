"""Images from removable media and archives: every object inside is stored, directories and the rest are named."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import Invalid, OpsError
from ops_app.i18n import _
from ops_app.modules.imaging import filing
from ops_app.modules.imaging.header import Unreadable, dataset_offset
from ops_app.modules.imaging.storing import Origin, Stored, store_file

MOST_FILES = 20_000
LARGEST_FILE = 4 << 30
LARGEST_WHOLE = 32 << 30


@dataclass
class Taken:
    """What a medium brought."""

    stored: list[Stored] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Names inside the medium and why they were not stored."""


def take_files(session: Session, actor: Actor, files: Iterable[tuple[str, Path]], origin: Origin) -> Taken:
    """Store each file of an upload or a medium; a zip archive counts as the files inside it."""
    taken = Taken()
    for name, path in files:
        if zipfile.is_zipfile(path) and not _is_dicom(path):
            with unpacked(path) as inside:
                for inner, extracted in inside:
                    _take(session, actor, inner, extracted, origin, taken)
        else:
            _take(session, actor, name, path, origin, taken)
    return taken


@contextmanager
def unpacked(archive: Path) -> Iterator[Iterator[tuple[str, Path]]]:
    """Files of an archive under names of our own, one at a time."""
    incoming = filing.incoming_folder(filing.images_folder())
    with TemporaryDirectory(dir=incoming) as folder, zipfile.ZipFile(archive) as zipped:
        members = [each for each in zipped.infolist() if not each.is_dir()]
        if len(members) > MOST_FILES or sum(each.file_size for each in members) > LARGEST_WHOLE:
            raise Invalid(_("The archive is too large: store it in parts"), field="file")
        yield _extracted(zipped, members, Path(folder))


def _extracted(zipped: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path) -> Iterator[tuple[str, Path]]:
    target = folder / "object"
    for member in members:
        written = 0
        try:
            with zipped.open(member) as packed, target.open("wb") as plain:
                while piece := packed.read(1 << 20):
                    written += len(piece)
                    # the directory of an archive may lie about the size of what is inside
                    if written > min(LARGEST_FILE, member.file_size):
                        raise Invalid(_("The archive is damaged"), field="file")
                    plain.write(piece)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            # RuntimeError: it asks for a password
            raise Invalid(_("The archive is damaged"), field="file") from error
        yield member.filename, target


def _take(session: Session, actor: Actor, name: str, path: Path, origin: Origin, taken: Taken) -> None:
    if not _is_dicom(path):
        # viewers, pictures and texts that lie on a disc beside the images
        return
    if Path(name).name.upper() == "DICOMDIR":
        return
    try:
        taken.stored.append(store_file(session, actor, path, origin))
    except OpsError as refused:
        taken.refused.append((name, refused.message))


def _is_dicom(path: Path) -> bool:
    try:
        return dataset_offset(path) > 0
    except Unreadable:
        return True
