"""Encrypted backups of an installation: `make()`, `check()`, `restore()`."""

from saulyq.backup.archive import check
from saulyq.backup.keys import recipient_of
from saulyq.backup.making import make
from saulyq.backup.restoring import restore

__all__ = ["check", "make", "recipient_of", "restore"]
