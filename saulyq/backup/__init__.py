"""Encrypted backups of an installation: `make()`, `check()`, `prune()`, `rehearse()`, `restore()`."""

from saulyq.backup.archive import check
from saulyq.backup.documents import prune
from saulyq.backup.keys import recipient_of
from saulyq.backup.making import make
from saulyq.backup.restoring import rehearse, restore

__all__ = ["check", "make", "prune", "recipient_of", "rehearse", "restore"]
