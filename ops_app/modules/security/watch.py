"""What the app does by itself: seals the audit journal every few seconds, compares its files once a day."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.modules.audit import sealing
from ops_app.modules.security import service
from ops_app.modules.security.models import Incident
from saulyq import integrity
from saulyq.errors import SaulyqError
from saulyq.settings import Settings

log = logging.getLogger(__name__)

SEAL_SECONDS = 5.0
FILES_SECONDS = 24 * 3600.0
NAMES_SHOWN = 50

_TRY_LOCK = text("select pg_try_advisory_lock(hashtext('saulyq watch'))")
_UNLOCK = text("select pg_advisory_unlock(hashtext('saulyq watch'))")


def run(engine: Engine, current: Settings, stop: threading.Event) -> None:
    """Watch until told to stop; a database that is away is tried again."""
    next_check = time.monotonic() + SEAL_SECONDS
    while not stop.wait(SEAL_SECONDS):
        try:
            with _alone(engine) as may_work:
                if not may_work:
                    continue
                sealing.seal_all(engine, current)
                if time.monotonic() >= next_check:
                    next_check = time.monotonic() + FILES_SECONDS
                    check_files(engine, current)
        except (SQLAlchemyError, OSError) as error:
            log.warning("the watch over journal and files was interrupted: %s", error)


@contextmanager
def _alone(engine: Engine) -> Iterator[bool]:
    """Whether no other process of the app is at it: the newest block is named in a file, in the order of the chain."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(_TRY_LOCK):
            yield False
            return
        try:
            yield True
        finally:
            connection.execute(_UNLOCK)


def check_files(engine: Engine, current: Settings) -> Incident | None:
    """Open an incident when the installed files are not the sealed ones; one open incident a finding."""
    if not integrity.manifest_file(current).exists():
        return None
    try:
        report = integrity.verify(current)
    except SaulyqError as forged:
        finding = str(forged)
    else:
        if report.intact:
            return None
        names = [f"{kind}: {name}" for kind in ("changed", "removed", "added") for name in getattr(report, kind)]
        finding = "\n".join(names[:NAMES_SHOWN])
    with Session(engine, expire_on_commit=False) as session:
        known = select(Incident).where(
            Incident.kind == "integrity", Incident.closed_at.is_(None), Incident.affected == finding
        )
        if session.scalars(known).first() is not None:
            return None
        audit.security(session, audit.SYSTEM, "security:files_changed", findings=finding)
        text = "The installed files differ from their sealed state"
        incident = service.open_incident(session, None, "integrity", None, text, finding)
        session.commit()
    return incident
