"""Scans and electronic documents: what is taken, and how it is stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from ops_app.actor import Actor
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Posted
from ops_app.modules.personal_data.models import StoredFile

LARGEST_MB = 10
KINDS = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
SIGNED = "application/pkcs7-mime"


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


def uploaded(posted: Posted, field: str = "file") -> Upload | None:
    """The file of a form, if one was chosen."""
    found = posted.data.get(field)
    if not isinstance(found, UploadFile):
        return None
    content = found.file.read()
    if not content:
        return None
    name = (found.filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    return Upload("".join(letter for letter in name if letter.isprintable())[:120] or "file", content)


def check_size(upload: Upload) -> None:
    """Refuse what is too large to be a document."""
    if len(upload.content) > LARGEST_MB * 1024 * 1024:
        raise Invalid(_("The file is larger than %(n)s MB", n=LARGEST_MB), field="file")


def scan_type(upload: Upload) -> str:
    """What a scan is by its first bytes; its name may say anything."""
    check_size(upload)
    kind = next((kind for start, kind in KINDS if upload.content.startswith(start)), None)
    if kind is None:
        raise Invalid(_("Only PDF, JPEG and PNG are taken"), field="file")
    return kind


def store(session: Session, actor: Actor, patient_id: int, upload: Upload, content_type: str) -> StoredFile:
    """Keep a file unchanged with its hash."""
    row = StoredFile(
        patient_id=patient_id,
        file_name=upload.name,
        content_type=content_type,
        sha256=hashlib.sha256(upload.content).hexdigest(),
        content=upload.content,
        stored_at=clock.now(),
        stored_by=actor.login,
    )
    session.add(row)
    session.flush()
    return row
