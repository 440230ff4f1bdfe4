"""A folder that another program empties: one file a message, whole or not there."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from ops_app.kit import clock
from ops_app.mechanisms.outbox.adapter import NotReady, Parcel, Receipt, Refused, sha256_of
from ops_app.mechanisms.outbox.declaration import System

SAFE = re.compile(r"[\w.-]{1,80}")


class FolderAdapter:
    """Environment: ``_FOLDER``. A file is ``<day>/<key>.json``; the day is the local day the message was made."""

    def __init__(self, system: System):
        self.folder = Path(system.setting("FOLDER") or "")

    def configured(self) -> bool:
        """Whether there is an absolute path."""
        return self.folder.is_absolute()

    def ready(self) -> bool:
        """Whether the folder is there and may be written."""
        return self.folder.is_dir() and os.access(self.folder, os.W_OK | os.X_OK)

    def send(self, parcel: Parcel) -> Receipt:
        """Write the file aside and move it in place, so that nobody reads half of it."""
        name = parcel.key if SAFE.fullmatch(parcel.key) else hashlib.sha256(parcel.key.encode()).hexdigest()
        place = self.folder / clock.local(parcel.created_at).date().isoformat() / f"{name}.json"
        envelope = {
            "key": parcel.key,
            "kind": parcel.kind,
            "created_at": parcel.created_at.isoformat(),
            "sha256": parcel.sha256,
            "body": parcel.body,
        }
        if not self.ready():
            raise NotReady("ours", "the folder is not there")
        try:
            if place.exists():
                if _held(place)[1] != parcel.sha256:
                    raise Refused("ours", "other content under the same key")
                return Receipt(place.name, was_known=True)
            place.parent.mkdir(exist_ok=True)
            aside = place.with_suffix(".part")
            with aside.open("w", encoding="utf-8") as file:
                json.dump(envelope, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(place)
        except OSError as error:
            raise NotReady("ours", f"{type(error).__name__} {error.errno or ''}".strip()) from None
        return Receipt(place.name)

    def held(self, day: dt.date) -> Mapping[str, str] | None:
        """Read the files of the day; hashes are computed from what stands in them."""
        return dict(_held(file) for file in sorted((self.folder / day.isoformat()).glob("*.json")))

    def close(self) -> None:
        """Nothing is kept open."""


def _held(file: Path) -> tuple[str, str]:
    envelope = json.loads(file.read_text("utf-8"))
    return str(envelope["key"]), sha256_of(envelope["body"])
