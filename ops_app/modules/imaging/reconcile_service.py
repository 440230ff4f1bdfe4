"""Deciding whose study it is: assign, take a mixed one apart, choose between copies, undo. Files never change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.uid import generate_uid
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.imaging import filing, header
from ops_app.modules.imaging.facts import Sent, facts_of
from ops_app.modules.imaging.matching import match
from ops_app.modules.imaging.models import Instance, InstanceConflict, Reconciliation, Series, Study
from ops_app.modules.patients.queries import standing_for
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission

DECIDED = ("patient_id", "match_state", "match_reason", "service_request_id")
COPY = ("path", "sha256", "bytes", "transfer_syntax_uid")


def study_or_404(session: Session, actor: Actor, study_id: int, *, locked: bool = False) -> Study:
    """A study the actor may decide about."""
    study = session.get(Study, study_id, with_for_update=locked, populate_existing=locked)
    if study is None:
        raise NotFound(_("There is no such study"))
    if not actor.scope(Permission.IMAGING_STUDY_RECONCILE).allows(study.organization_id):
        raise Forbidden(_("This study was made in another organisation"))
    return study


def assign(session: Session, actor: Actor, study_id: int, patient_id: int, reason: str | None) -> Study:
    """Say that the study is this person's."""
    study = study_or_404(session, actor, study_id, locked=True)
    open_patient(session, actor, patient_id, Permission.IMAGING_STUDY_RECONCILE)
    before = _decided(study)
    study.patient_id = standing_for(session, patient_id)
    study.match_state, study.match_reason = "matched", "person"
    _note(session, actor, study, "assign", before, _decided(study), reason)
    return study


def release(session: Session, actor: Actor, study_id: int, reason: str | None) -> Study:
    """Take a study away from the person it was matched to."""
    study = study_or_404(session, actor, study_id, locked=True)
    if study.patient_id is None:
        raise Conflict(_("This study belongs to nobody"))
    if not reason:
        raise Invalid(_("Write the reason in a few words"), field="reason")
    before = _decided(study)
    study.patient_id, study.match_state, study.match_reason = None, "unmatched", "released"
    _note(session, actor, study, "unassign", before, _decided(study), reason)
    return study


def split(session: Session, actor: Actor, study_id: int, series_ids: Sequence[int], reason: str | None) -> Study:
    """Move series into a study of their own, under a UID of its own; both parts are matched anew."""
    study = study_or_404(session, actor, study_id, locked=True)
    rows = session.scalars(select(Series).where(Series.study_id == study.id).order_by(Series.id)).all()
    moved = [row for row in rows if row.id in set(series_ids)]
    if not moved or len(moved) == len(rows):
        raise Invalid(_("Choose the series that belong to another person, but not all of them"), field="series")
    before = {**_decided(study), "series": [row.id for row in moved]}
    sent = Sent.of(moved[0].sent)
    found = match(session, sent)
    part = Study(
        study_uid=generate_uid(prefix=None),
        split_from_id=study.id,
        patient_id=found.patient_id,
        match_state=found.state,
        match_reason=found.reason,
        service_request_id=found.service_request_id,
        sent_patient_id=sent.patient_id,
        sent_issuer=sent.issuer,
        sent_name=sent.name,
        sent_birth_date=sent.birth_date,
        sent_sex=sent.sex,
        accession_number=sent.accession_number,
        organization_id=study.organization_id,
        device_id=study.device_id,
        calling_ae=study.calling_ae,
        description=study.description,
        started_at=study.started_at,
    )
    session.add(part)
    session.flush()
    for row in moved:
        row.study_id = part.id
    session.flush()
    left = next(row for row in rows if row not in moved)
    again = match(session, Sent.of(left.sent))
    study.patient_id, study.match_state, study.match_reason = again.patient_id, again.state, again.reason
    study.service_request_id = again.service_request_id
    _recount(session, study)
    _recount(session, part)
    _note(session, actor, study, "split", before, {**_decided(study), "part": part.id}, reason)
    return part


def choose_copy(session: Session, actor: Actor, conflict_id: int, take_other: bool) -> Study:
    """Keep the first object under a UID, or show the other one from now on; both files stay."""
    conflict = session.get(InstanceConflict, conflict_id, with_for_update=True, populate_existing=True)
    if conflict is None:
        raise NotFound(_("There is no such copy"))
    study = study_or_404(session, actor, study_of(session, conflict).id, locked=True)
    if conflict.decision is not None:
        raise Conflict(_("Somebody decided about this copy meanwhile"))
    conflict.decision = "took_other" if take_other else "kept_first"
    conflict.decided_at, conflict.decided_by = clock.now(), actor.login
    if take_other:
        _swap(session, conflict)
    about = {"conflict": conflict.id, "decision": conflict.decision}
    _note(session, actor, study, "choose_copy", {"conflict": conflict.id, "decision": None}, about, None)
    return study


def undo(session: Session, actor: Actor, reconciliation_id: int) -> Study:
    """Take back the newest decision about a study."""
    noted = session.get(Reconciliation, reconciliation_id, with_for_update=True, populate_existing=True)
    if noted is None:
        raise NotFound(_("There is no such decision"))
    study = study_or_404(session, actor, noted.study_id, locked=True)
    newest = session.scalar(
        select(func.max(Reconciliation.id)).where(
            Reconciliation.study_id == study.id, Reconciliation.undone_at.is_(None)
        )
    )
    if noted.undone_at is not None or noted.id != newest:
        raise Conflict(_("Only the newest decision can be taken back"))
    if noted.kind == "choose_copy":
        conflict = session.get_one(InstanceConflict, noted.after["conflict"])
        if conflict.decision == "took_other":
            _swap(session, conflict)
        conflict.decision = conflict.decided_at = conflict.decided_by = None
    else:
        if noted.kind == "split":
            _rejoin(session, study, noted)
        for name in DECIDED:
            setattr(study, name, noted.before[name])
    noted.undone_at, noted.undone_by = clock.now(), actor.login
    session.flush()
    audit.changed(
        session,
        actor,
        entity="imaging.reconciliation",
        entity_id=noted.id,
        patient_id=study.patient_id,
        before={"undone_at": None},
        after={"undone_at": noted.undone_at},
    )
    return study


def match_again(session: Session, actor: Actor, study_id: int) -> Study:
    """Try the rules once more: the person or the order may have been registered meanwhile."""
    study = study_or_404(session, actor, study_id, locked=True)
    kept = session.scalars(select(Series.sent).where(Series.study_id == study.id).order_by(Series.id)).first()
    found = match(session, Sent.of(kept)) if kept is not None else None
    if found is None or found.state != "matched" or study.match_reason == "mixed":
        raise Conflict(_("The rules still find nobody for certain: say yourself whose study this is"))
    before = _decided(study)
    study.patient_id, study.match_state, study.match_reason = found.patient_id, "matched", found.reason
    study.service_request_id = found.service_request_id
    _note(session, actor, study, "assign", before, _decided(study), None)
    return study


def study_of(session: Session, conflict: InstanceConflict) -> Study:
    """The study an object in conflict belongs to."""
    return session.scalars(
        select(Study)
        .join(Series, Series.study_id == Study.id)
        .join(Instance, Instance.series_id == Series.id)
        .where(Instance.id == conflict.instance_id)
    ).one()


def _decided(study: Study) -> dict[str, Any]:
    return {name: getattr(study, name) for name in DECIDED}


def _note(
    session: Session,
    actor: Actor,
    study: Study,
    kind: str,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str | None,
) -> None:
    session.add(
        Reconciliation(
            study_id=study.id,
            kind=kind,
            reason=reason,
            before=before,
            after=after,
            decided_at=clock.now(),
            decided_by=actor.login,
        )
    )
    session.flush()
    people = {values["patient_id"] for values in (before, after) if values.get("patient_id") is not None}
    for patient_id in sorted(people) or [None]:
        audit.changed(
            session,
            actor,
            entity="imaging.study",
            entity_id=study.id,
            patient_id=patient_id,
            before=before,
            after=after,
            rule=kind,
        )


def _rejoin(session: Session, study: Study, noted: Reconciliation) -> None:
    part = session.get_one(Study, noted.after["part"], with_for_update=True)
    if session.scalar(select(Study.id).where(Study.split_from_id == part.id, Study.state == "available").limit(1)):
        raise Conflict(_("The part was taken apart further: take that back first"))
    for row in session.scalars(select(Series).where(Series.study_id == part.id)):
        row.study_id = study.id
    # an emptied part keeps its row for the history, and is nobody's
    part.state, part.removed_at = "removed", clock.now()
    session.flush()
    _recount(session, study)
    _recount(session, part)


def _recount(session: Session, study: Study) -> None:
    rows = session.scalars(select(Series).where(Series.study_id == study.id)).all()
    study.series_count = len(rows)
    study.instance_count = sum(row.instance_count for row in rows)
    study.bytes = sum(row.bytes for row in rows)
    study.modalities = sorted({row.modality for row in rows if row.modality})
    session.flush()


def _swap(session: Session, conflict: InstanceConflict) -> None:
    instance = session.get_one(Instance, conflict.instance_id, with_for_update=True)
    for name in COPY:
        ours, theirs = getattr(instance, name), getattr(conflict, name)
        setattr(instance, name, theirs)
        setattr(conflict, name, ours)
    held = header.read(filing.full_path(instance.path))
    for name, value in facts_of(held, instance.sop_class_uid, instance.sop_uid).instance.items():
        setattr(instance, name, value)
    session.flush()
