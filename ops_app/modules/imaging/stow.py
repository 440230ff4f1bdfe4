"""What STOW-RS answers: which objects are stored, which are not and why (PS3.18 chapter 10.5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydicom import Dataset
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import OpsError
from ops_app.modules.imaging.elements import Unreadable
from ops_app.modules.imaging.header import Header, read
from ops_app.modules.imaging.storing import Origin, store_file

CANNOT_UNDERSTAND = 0xC000
OTHER_STUDY = 0xA900


def answer_of(
    session: Session, actor: Actor, paths: Sequence[Path], study: str | None, organization_id: int | None, base: str
) -> tuple[int, dict[str, Any]]:
    """Store each part; 200 when all are stored, 202 when some are, 409 when none is."""
    origin = Origin("dicomweb", organization_id=organization_id)
    done, failed = [], []
    for path in paths:
        header = _header(path)
        if header is not None and study is not None and header.uid(0x0020000D) != study:
            failed.append(_failure(header, OTHER_STUDY))
            continue
        try:
            stored = store_file(session, actor, path, origin)
        except OpsError:
            failed.append(_failure(header, CANNOT_UNDERSTAND))
            continue
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = stored.sop_class_uid, stored.sop_uid
        item.RetrieveURL = f"{base}/{stored.study_uid}/series/{stored.series_uid}/instances/{stored.sop_uid}"
        done.append(item)
    body = Dataset()
    if done:
        body.RetrieveURL = base if study is None else f"{base}/{study}"
        body.ReferencedSOPSequence = done
    if failed:
        body.FailedSOPSequence = failed
    status = 200 if not failed and done else 202 if done else 409
    answer: dict[str, Any] = body.to_json_dict()
    return status, answer


def _header(path: Path) -> Header | None:
    try:
        return read(path)
    except Unreadable:
        return None


def _failure(header: Header | None, reason: int) -> Dataset:
    item = Dataset()
    if header is not None:
        item.ReferencedSOPClassUID = header.uid(0x00080016) or ""
        item.ReferencedSOPInstanceUID = header.uid(0x00080018) or ""
    item.FailureReason = reason
    return item
