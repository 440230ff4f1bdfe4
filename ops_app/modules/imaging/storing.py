"""Objects enter the index: one place for what devices send, browsers upload and programs post.

``store_file`` takes one file from a member of staff; the gateway files a batch away itself and calls
``index``. Either way the file is durable before its row, and the row before anybody is told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.imaging import filing
from ops_app.modules.imaging.elements import Truncated, Unreadable, dataset_offset
from ops_app.modules.imaging.facts import Facts, Sent, facts_of, same_person
from ops_app.modules.imaging.filing import Filed
from ops_app.modules.imaging.header import read
from ops_app.modules.imaging.matching import match
from ops_app.modules.imaging.models import Instance, InstanceConflict, Series, Study
from ops_app.modules.organizations.models import Organization
from ops_app.modules.visits.models import ServiceRequest

Outcome = Literal["stored", "duplicate", "conflict"]


@dataclass(frozen=True, slots=True)
class Origin:
    """How an object came: over which channel, from which device, for which organisation."""

    channel: Literal["dicom", "dicomweb", "upload", "media"]
    calling_ae: str | None = None
    device_id: int | None = None
    organization_id: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A filed object on its way into the index."""

    facts: Facts
    filed: Filed
    origin: Origin


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an object."""

    outcome: Outcome
    instance_id: int
    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str


def store_file(session: Session, actor: Actor, content: Path | bytes, origin: Origin) -> Stored:
    """Store one DICOM file a member of staff brought; its bytes are kept as they are.

    The caller keeps his own copy: a path is read, never moved.
    """
    folder = filing.images_folder()
    temporary = filing.set_down(content if isinstance(content, bytes) else content.read_bytes(), folder)
    try:
        facts = _facts_of_file(temporary)
        filed = filing.file_away(temporary, facts.study_uid, folder)
    finally:
        temporary.unlink(missing_ok=True)
    filing.sync_folders([filed], folder)
    (stored,) = index(session, [Arrival(facts, filed, origin)])
    audit.changed(
        session,
        actor,
        entity="imaging.instance",
        entity_id=stored.instance_id,
        after={"sop_uid": stored.sop_uid, "outcome": stored.outcome, "channel": origin.channel},
    )
    return stored


def _facts_of_file(path: Path) -> Facts:
    try:
        header = read(path)
    except Truncated as error:
        raise Invalid(_("The file is cut off: copy it from its source again"), field="file") from error
    except Unreadable as error:
        raise Invalid(_("This is no DICOM file"), field="file") from error
    sop_class_uid, sop_uid = header.uid(0x00080016), header.uid(0x00080018)
    if sop_class_uid is None or sop_uid is None:
        raise Invalid(_("The file does not say which object it is, so it cannot be stored"), field="file")
    return facts_of(header, sop_class_uid, sop_uid)


def index(session: Session, arrivals: Sequence[Arrival]) -> list[Stored]:
    """Write the rows of filed objects; a repeat changes nothing, other bytes under a known UID become a conflict.

    Rows are always locked in the same order, so that several processes may index at once.
    """
    first: dict[str, Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.facts.sop_uid, arrival)
    known = _known(session, first)
    fresh = [first[uid] for uid in sorted(first) if uid not in known]
    inserted = _insert(session, fresh) if fresh else {}
    if len(inserted) < len(fresh):
        # another process was faster with some of them
        known |= _known(session, [each.facts.sop_uid for each in fresh if each.facts.sop_uid not in inserted])
    known |= inserted
    done = []
    for arrival in arrivals:
        instance = known[arrival.facts.sop_uid]
        is_first = instance.sop_uid in inserted and first[instance.sop_uid] is arrival
        outcome: Outcome = "stored" if is_first else _repeat(session, instance, arrival)
        done.append(
            Stored(
                outcome,
                instance.id,
                arrival.facts.study_uid,
                arrival.facts.series_uid,
                instance.sop_uid,
                instance.sop_class_uid,
            )
        )
    return done


def _known(session: Session, sop_uids: Iterable[str]) -> dict[str, Instance]:
    found = session.scalars(select(Instance).where(Instance.sop_uid.in_(list(sop_uids))))
    return {each.sop_uid: each for each in found}


def instance_row(arrival: Arrival, series_id: int, received_at: dt.datetime) -> dict[str, Any]:
    """The row of an object in the index."""
    return {
        **arrival.facts.instance,
        "series_id": series_id,
        "sop_uid": arrival.facts.sop_uid,
        "bytes": arrival.filed.bytes,
        "sha256": arrival.filed.sha256,
        "path": arrival.filed.path,
        "channel": arrival.origin.channel,
        "calling_ae": arrival.origin.calling_ae,
        "received_at": received_at,
    }


def _insert(session: Session, fresh: Sequence[Arrival]) -> dict[str, Instance]:
    studies = _studies(session, fresh)
    series = _series(session, fresh, studies)
    now = clock.now()
    rows = [instance_row(arrival, series[arrival.facts.series_uid].id, now) for arrival in fresh]
    made = session.scalars(
        insert(Instance).on_conflict_do_nothing(index_elements=["sop_uid"]).returning(Instance), rows
    ).all()
    sizes: dict[int, tuple[int, int]] = {}
    for instance in made:
        count, size = sizes.get(instance.series_id, (0, 0))
        sizes[instance.series_id] = (count + 1, size + instance.bytes)
    _count(session, sizes, {each.id: each.study_id for each in series.values()})
    return {each.sop_uid: each for each in made}


def _studies(session: Session, fresh: Sequence[Arrival]) -> dict[str, Study]:
    by_uid: dict[str, Arrival] = {}
    for arrival in fresh:
        by_uid.setdefault(arrival.facts.study_uid, arrival)
    found = _studies_of(session, by_uid)
    missing = sorted(by_uid.keys() - found.keys())
    for uid in missing:
        session.execute(
            insert(Study)
            .values(**_study_row(session, by_uid[uid]))
            .on_conflict_do_nothing(index_elements=["study_uid"])
        )
    if missing:
        found |= _studies_of(session, missing)
    return found


def _studies_of(session: Session, uids: Iterable[str]) -> dict[str, Study]:
    # the rows may have changed since this session last looked
    rows = session.scalars(
        select(Study).where(Study.study_uid.in_(list(uids))).execution_options(populate_existing=True)
    )
    return {each.study_uid: each for each in rows}


def _study_row(session: Session, arrival: Arrival) -> dict[str, object]:
    sent = arrival.facts.sent
    found = match(session, sent)
    return {
        **arrival.facts.study,
        "study_uid": arrival.facts.study_uid,
        "patient_id": found.patient_id,
        "match_state": found.state,
        "match_reason": found.reason,
        "service_request_id": found.service_request_id,
        "sent_patient_id": sent.patient_id,
        "sent_issuer": sent.issuer,
        "sent_name": sent.name,
        "sent_birth_date": sent.birth_date,
        "sent_sex": sent.sex,
        "organization_id": arrival.origin.organization_id or _place(session, found.service_request_id),
        "device_id": arrival.origin.device_id,
        "calling_ae": arrival.origin.calling_ae,
        "modalities": [arrival.facts.modality] if arrival.facts.modality else [],
    }


def _place(session: Session, service_request_id: int | None) -> int | None:
    """Where a study of an unregistered device belongs: to who performs the order, else to the whole installation."""
    order = session.get(ServiceRequest, service_request_id) if service_request_id is not None else None
    if order is not None:
        return order.performer_organization_id or order.organization_id
    return session.scalar(select(Organization.id).where(Organization.parent_id.is_(None)).order_by(Organization.id))


def _series(session: Session, fresh: Sequence[Arrival], studies: dict[str, Study]) -> dict[str, Series]:
    by_uid: dict[str, Arrival] = {}
    for arrival in fresh:
        by_uid.setdefault(arrival.facts.series_uid, arrival)
    found = _series_of(session, by_uid)
    missing = sorted(by_uid.keys() - found.keys())
    if missing:
        rows = [
            {
                **by_uid[uid].facts.series,
                "series_uid": uid,
                "study_id": studies[by_uid[uid].facts.study_uid].id,
                "sent": by_uid[uid].facts.sent.kept(),
            }
            for uid in missing
        ]
        made = session.scalars(
            insert(Series).on_conflict_do_nothing(index_elements=["series_uid"]).returning(Series), rows
        ).all()
        found |= _series_of(session, missing)
        for each in made:
            _series_joins(session, each, studies[by_uid[each.series_uid].facts.study_uid])
    for arrival in fresh:
        series = found[arrival.facts.series_uid]
        if not same_person(arrival.facts.sent, Sent.of(series.sent)):
            _mixed(session, series.study_id)
    return found


def _series_of(session: Session, uids: Iterable[str]) -> dict[str, Series]:
    rows = session.scalars(select(Series).where(Series.series_uid.in_(list(uids))))
    return {each.series_uid: each for each in rows}


def _series_joins(session: Session, series: Series, study: Study) -> None:
    values: dict[str, object] = {"series_count": Study.series_count + 1}
    if series.modality and series.modality not in study.modalities:
        values["modalities"] = func.array_append(func.array_remove(Study.modalities, series.modality), series.modality)
    session.execute(update(Study).where(Study.id == study.id).values(**values))
    elsewhere = select(Series.sent).where(Series.study_id == study.id, Series.id != series.id)
    others: Sequence[dict[str, Any]] = session.scalars(elsewhere).all()
    if others and not any(same_person(Sent.of(series.sent), Sent.of(each)) for each in others):
        _mixed(session, study.id)


def _mixed(session: Session, study_id: int) -> None:
    session.execute(
        update(Study)
        .where(Study.id == study_id, Study.match_reason != "mixed")
        .values(match_state="conflict", match_reason="mixed", patient_id=None)
    )


def _count(session: Session, sizes: dict[int, tuple[int, int]], study_of: dict[int, int]) -> None:
    totals: dict[int, tuple[int, int]] = {}
    for series_id in sorted(sizes):
        count, size = sizes[series_id]
        session.execute(
            update(Series)
            .where(Series.id == series_id)
            .values(instance_count=Series.instance_count + count, bytes=Series.bytes + size)
        )
        before = totals.get(study_of[series_id], (0, 0))
        totals[study_of[series_id]] = (before[0] + count, before[1] + size)
    for study_id in sorted(totals):
        count, size = totals[study_id]
        session.execute(
            update(Study)
            .where(Study.id == study_id)
            .values(
                instance_count=Study.instance_count + count,
                bytes=Study.bytes + size,
                last_received_at=clock.now(),
                state="available",
                removed_at=None,
            )
        )


def _repeat(session: Session, instance: Instance, arrival: Arrival) -> Outcome:
    """The UID is known: the same object again, or another one that must not replace it."""
    filed = arrival.filed
    if filed.sha256 == instance.sha256:
        return "duplicate"
    ours, theirs = filing.full_path(instance.path), filing.full_path(filed.path)
    if not ours.exists():
        return _heal(session, instance, filed)
    if same_data_set(ours, theirs):
        if not _is_referred_to(session, filed.path):
            theirs.unlink(missing_ok=True)
        return "duplicate"
    session.execute(
        insert(InstanceConflict)
        .values(
            instance_id=instance.id,
            transfer_syntax_uid=arrival.facts.instance["transfer_syntax_uid"],
            bytes=filed.bytes,
            sha256=filed.sha256,
            path=filed.path,
            sent=arrival.facts.sent.kept(),
            channel=arrival.origin.channel,
            calling_ae=arrival.origin.calling_ae,
        )
        .on_conflict_do_nothing(index_elements=["instance_id", "sha256"])
    )
    return "conflict"


def same_data_set(one: Path, other: Path) -> bool:
    """Whether two files hold the same object; what a program writes before the data set does not count."""
    return filing.same_data_set(one, other, (dataset_offset(one), dataset_offset(other)))


def _is_referred_to(session: Session, path: str) -> bool:
    return any(
        session.scalar(select(table.id).where(table.path == path).limit(1)) is not None
        for table in (Instance, InstanceConflict)
    )


def _heal(session: Session, instance: Instance, filed: Filed) -> Outcome:
    # the stored file was lost or removed, and its sender has it still
    instance.path, instance.sha256, instance.bytes = filed.path, filed.sha256, filed.bytes
    session.flush()
    return "stored"
