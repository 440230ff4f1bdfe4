"""Whether every stored image is still what it was, and which ones need not be kept any longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.kit import clock
from ops_app.modules.imaging import filing
from ops_app.modules.imaging.models import Instance, InstanceConflict, Series, Study

YEARS = {"US": 10, "ECG": 10, "PX": 10, "IO": 10}
"""Years a study of this modality is kept after it was made, where it is not the usual number."""
USUAL_YEARS = 25
ORPHAN_AGE = dt.timedelta(days=1)


@dataclass
class Check:
    """What a check of the stored files found."""

    files: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Files that no row names: left by a process that was killed before its row; the sender has them still."""

    @property
    def intact(self) -> bool:
        """Whether everything that was acknowledged is there unchanged."""
        return not (self.missing or self.changed)


def check(session: Session) -> Check:
    """Read every stored file and compare it with the hash its row has."""
    found = Check()
    known: set[str] = set()
    for path, sha256 in _kept(session):
        known.add(path)
        found.files += 1
        file = filing.full_path(path)
        if not file.exists():
            found.missing.append(path)
        elif filing.sha256_of(file) != sha256:
            found.changed.append(path)
    folder = filing.images_folder()
    youngest = clock.now() - ORPHAN_AGE
    for file in sorted(folder.rglob("*.dcm")):
        path = file.relative_to(folder).as_posix()
        if not path.startswith(filing.INCOMING) and path not in known and _written_at(file) < youngest:
            found.unknown.append(path)
    return found


def _kept(session: Session) -> Iterator[tuple[str, str]]:
    current = (
        select(Instance.path, Instance.sha256)
        .join(Series, Series.id == Instance.series_id)
        .join(Study, Study.id == Series.study_id)
        .where(Study.state == "available")
    )
    for statement in (current, select(InstanceConflict.path, InstanceConflict.sha256)):
        yield from ((row[0], row[1]) for row in session.execute(statement.execution_options(yield_per=1000)))


def _written_at(file: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)


def expired(session: Session, today: dt.date) -> list[tuple[Study, dt.date]]:
    """Studies whose time is over, with the day it ended; what belongs to nobody yet is kept."""
    oldest = min(USUAL_YEARS, *YEARS.values())
    statement = (
        select(Study)
        .where(
            Study.state == "available",
            Study.match_state == "matched",
            Study.started_at < clock.from_local(_years_before(today, oldest)),
        )
        .order_by(Study.started_at)
    )
    found = []
    for study in session.scalars(statement):
        assert study.started_at is not None
        years = max((YEARS.get(modality, USUAL_YEARS) for modality in study.modalities), default=USUAL_YEARS)
        until = _years_before(clock.local(study.started_at).date(), -years)
        if until <= today:
            found.append((study, until))
    return found


def remove(session: Session, study: Study) -> int:
    """Remove the files of a study whose time is over; its rows stay and say so."""
    rows = session.scalars(
        select(Instance).join(Series, Series.id == Instance.series_id).where(Series.study_id == study.id)
    ).all()
    others = session.scalars(
        select(InstanceConflict).where(InstanceConflict.instance_id.in_([row.id for row in rows]))
    ).all()
    study.state, study.removed_at = "removed", clock.now()
    audit.changed(
        session,
        None,
        entity="imaging.study",
        entity_id=study.id,
        patient_id=study.patient_id,
        before={"state": "available"},
        after={"state": "removed"},
        rule="retention",
    )
    session.commit()
    # after the commit: a row that promises a file must never be left without it
    for path in {row.path for row in rows} | {row.path for row in others}:
        filing.full_path(path).unlink(missing_ok=True)
    return len(rows)


def _years_before(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
