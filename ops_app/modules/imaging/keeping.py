"""Whether every stored image is still what it was, and which ones need not be kept any longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import ColumnElement, and_, or_, select
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


def destroy(session: Session, records: Sequence[int], numbers: Sequence[str]) -> list[int]:
    """Take the studies of a person out of use, those nobody matched but that bear his number too; their numbers.

    Called before the person is erased, in the same transaction; ``unlink_destroyed`` follows its commit.
    """
    unmatched = and_(Study.match_state == "unmatched", Study.sent_patient_id.in_(numbers))
    found = session.scalars(
        select(Study).where(or_(Study.patient_id.in_(records), unmatched), Study.state == "available")
    ).all()
    for study in found:
        if study.patient_id is None:
            # so that what erases a person's rows finds these as well
            study.patient_id, study.match_state, study.match_reason = records[0], "matched", "destruction"
        study.state, study.removed_at = "removed", clock.now()
    session.flush()
    return [study.id for study in found]


def unlink_destroyed(session: Session, study_id: int) -> int:
    """Remove the files of a study of a destroyed person; bytes that another study shares stay with that one."""
    study = session.get_one(Study, study_id)
    if study.state != "removed":
        return 0
    removed = 0
    for path in _paths_of(session, Study.id == study_id):
        if path in _paths_of(session, Study.state == "available", path):
            continue
        file = filing.full_path(path)
        if file.exists():
            file.unlink()
            removed += 1
    return removed


def _paths_of(session: Session, condition: ColumnElement[bool], path: str | None = None) -> set[str]:
    """Files of instances, and of copies in conflict with them."""
    own = select(Instance.path).join(Series, Series.id == Instance.series_id).join(Study, Study.id == Series.study_id)
    other = (
        select(InstanceConflict.path)
        .join(Instance, Instance.id == InstanceConflict.instance_id)
        .join(Series, Series.id == Instance.series_id)
        .join(Study, Study.id == Series.study_id)
    )
    if path is not None:
        own, other = own.where(Instance.path == path), other.where(InstanceConflict.path == path)
    return {row for statement in (own, other) for row in session.scalars(statement.where(condition))}


def _years_before(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
