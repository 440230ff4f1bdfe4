"""What leaves the archive: the stored bytes, with the corrected person where matching corrected him.

Stored files never change. A study that was matched to somebody else than its device named, or split off, is
handed out with the right identity and with the sent one in the sequence that the standard has for it.
"""

from __future__ import annotations

import io
from copy import deepcopy

from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from ops_app.kit import clock
from ops_app.modules.imaging import filing
from ops_app.modules.imaging.elements import EXPLICIT_BIG
from ops_app.modules.imaging.search import Found, person_of


def changes_of(found: Found, dataset: Dataset) -> dict[str, str]:
    """Attributes whose value in the file is not what it has to be now."""
    now = {"StudyInstanceUID": found.study.study_uid}
    if found.patient is not None:
        now |= person_of(found.study, found.patient)
    return {keyword: value for keyword, value in now.items() if not _same(dataset.get(keyword), value)}


def delivered(found: Found) -> FileDataset:
    """The object as it is handed out."""
    assert found.instance is not None
    dataset = dcmread(filing.full_path(found.instance.path), force=True)
    changes = changes_of(found, dataset)
    if changes:
        _coerce(dataset, changes)
    return dataset


def header_of(found: Found) -> FileDataset:
    """Everything of the object as it is handed out, except its pixels."""
    assert found.instance is not None
    dataset = dcmread(filing.full_path(found.instance.path), force=True, stop_before_pixels=True)
    changes = changes_of(found, dataset)
    if changes:
        _coerce(dataset, changes)
    return dataset


def delivered_bytes(found: Found) -> bytes:
    """The object as a file; byte for byte the stored one when nothing had to be corrected."""
    assert found.instance is not None
    path = filing.full_path(found.instance.path)
    dataset = dcmread(path, force=True, stop_before_pixels=True)
    if not changes_of(found, dataset):
        return path.read_bytes()
    written = io.BytesIO()
    dcmwrite(written, delivered(found), enforce_file_format=True)
    return written.getvalue()


class CannotWrite(Exception):
    """The pixels cannot be decoded, so the object cannot be written plainly."""


def can_write(transfer_syntax: str) -> bool:
    """Whether an object stored so can be handed out as Explicit VR Little Endian."""
    return transfer_syntax != EXPLICIT_BIG


def delivered_as(found: Found, transfer_syntax: str | None) -> bytes:
    """The object as a file in that syntax, decompressed where need be; None for the one it is stored in."""
    if transfer_syntax is None:
        return delivered_bytes(found)
    dataset = delivered(found)
    try:
        if dataset.file_meta.TransferSyntaxUID.is_compressed and "PixelData" in dataset:
            dataset.decompress()
        dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
        written = io.BytesIO()
        dcmwrite(written, dataset, enforce_file_format=True)
    # whatever a damaged file leads the decoder into, the answer is the same
    except Exception as error:
        raise CannotWrite(str(error)) from error
    return written.getvalue()


def _same(held: object, wanted: str) -> bool:
    # "Иванов^Иван" and "Иванов^Иван^^" are one name
    return str(held if held is not None else "").strip().rstrip("^").casefold() == wanted.rstrip("^").casefold()


def _coerce(dataset: Dataset, changes: dict[str, str]) -> None:
    before, note = Dataset(), Dataset()
    for keyword in changes:
        if keyword in dataset:
            before.add(deepcopy(dataset[keyword]))
    # PS3.3 C.12.1.1.9: what was changed, when, by whom, why
    note.AttributeModificationDateTime = clock.local(clock.now()).strftime("%Y%m%d%H%M%S")
    note.ModifyingSystem = "SAULYQ"
    note.SourceOfPreviousValues = ""
    note.ReasonForTheAttributeModification = "COERCE"
    note.ModifiedAttributesSequence = Sequence([before])
    if "OriginalAttributesSequence" not in dataset:
        dataset.OriginalAttributesSequence = Sequence([])
    dataset.OriginalAttributesSequence.append(note)
    # names here are Cyrillic, which few declared sets of old devices can write
    dataset.decode()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
