"""Failures of the machine told in one line: a full disk, files that may not be written, a database that went away."""

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg

from saulyq.errors import SaulyqError

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
FULL_WORDS = ("no space left on device", "disk is full", "disk quota exceeded")
NEARLY_FULL_BYTES = 64 << 20
"""A server that found no room for its journal ends, and its clients only learn that it is gone."""


def expected(error: BaseException, home: Path) -> SaulyqError | None:
    """A failure that no command has expected as one of ours; None when only its traceback helps."""
    causes = list(_causes(error))
    if any(_is_full(cause) for cause in causes):
        return _full(home)
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno in FORBIDDEN and cause.filename is not None:
            return SaulyqError(
                "cannot use %(file)s: %(reason)s; make it readable and writable for this user, "
                "or set SAULYQ_HOME to a folder that is",
                file=cause.filename,
                reason=cause.strerror,
            )
    if any(_is_gone(cause) for cause in causes):
        if shutil.disk_usage(home).free < NEARLY_FULL_BYTES:
            return _full(home)
        return SaulyqError(
            "the database ended or refuses connections; see saulyq status and saulyq logs database, then try again"
        )
    return None


def _full(home: Path) -> SaulyqError:
    return SaulyqError(
        "the disk of %(home)s is full; free some space, or move it to another disk and set SAULYQ_HOME; then repeat",
        home=home,
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The failure and what it came from: libraries wrap the one that says why."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if isinstance(error, psycopg.errors.DiskFull):
        return True
    # DuckDB, Arrow and SQLite have it in words only
    return any(words in str(error).lower() for words in FULL_WORDS)


def _is_gone(error: BaseException) -> bool:
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
    return False
