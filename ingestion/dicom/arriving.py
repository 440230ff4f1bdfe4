"""Where objects lie while this gateway receives them, and the lock that makes it the only one of its images."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from pathlib import Path

from ops_app.modules.imaging import filing
from saulyq.errors import SaulyqError

FORGOTTEN_SECONDS = 86_400


class Arriving:
    """The folder of one gateway; while it is claimed no second gateway clears it."""

    def __init__(self, images: Path) -> None:
        self._images = images
        self._shared = filing.incoming_folder(images)
        self._lock = os.open(self._shared / "gateway.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self.folder = self._shared / "dicom"

    def claim(self) -> None:
        """Take the lock and clear what an earlier gateway left; an error when another one works."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise SaulyqError(
                "another DICOM gateway already stores into %(folder)s; stop it first", folder=self._images
            ) from None
        # what lies here was never acknowledged, and its senders have it still
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        self._remove_forgotten()

    def release(self) -> None:
        """Let another gateway begin."""
        os.close(self._lock)

    def _remove_forgotten(self) -> None:
        # uploads of the app pass through the same folder; a killed one leaves its file behind
        oldest = time.time() - FORGOTTEN_SECONDS
        for file in self._shared.glob("*.dcm"):
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)
