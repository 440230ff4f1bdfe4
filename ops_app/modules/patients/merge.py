"""Two records of one person: linking them, and undoing it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.patients import queries
from ops_app.modules.patients.models import Attachment, Patient, PatientLink


def merge(session: Session, actor: Actor, kept_id: int, hidden_id: int, reason: str | None = None) -> PatientLink:
    """Let one record stand for another. Nothing moves: a link says so, and can be undone."""
    if kept_id == hidden_id:
        raise Invalid(_("These are the same record"), field="hidden")
    # Always in the order of ids, so that two people merging crosswise do not wait for each other.
    rows = session.scalars(
        select(Patient).where(Patient.id.in_((kept_id, hidden_id))).order_by(Patient.id).with_for_update()
    ).all()
    by_id = {row.id: row for row in rows}
    if len(by_id) != 2:
        raise NotFound(_("There is no such patient"))
    kept, hidden = by_id[kept_id], by_id[hidden_id]
    _check(session, kept, hidden)
    link = PatientLink(
        patient_id=kept.id,
        other_patient_id=hidden.id,
        linked_by=actor.login,
        linked_at=clock.now(),
        reason=reason,
    )
    session.add(link)
    hidden.is_live = False
    _end_double_attachment(session, link, kept, hidden)
    session.flush()
    _log(session, actor, link, None, kept.id)
    _log(session, actor, link, None, hidden.id)
    return link


def _check(session: Session, kept: Patient, hidden: Patient) -> None:
    for row in (kept, hidden):
        if not row.is_live or row.entered_in_error_at is not None:
            raise Conflict(_("One of the records is hidden already or marked as an error"))
    if kept.iin and hidden.iin:
        raise Conflict(
            _("Both records have an IIN, so they are two people"),
            advice=_("If one number is wrong, correct it first."),
        )
    if hidden.iin and not kept.iin:
        raise Invalid(_("Keep the record that has the IIN"), field="kept")
    if queries.links_of(session, hidden.id):
        raise Conflict(
            _("The record to hide already stands for another one"),
            advice=_("Keep that record, or undo its link first."),
        )
    deaths = [queries.live_death(session, [row.id]) for row in (kept, hidden)]
    if all(deaths):
        raise Conflict(
            _("Both records have a registered death"), advice=_("Mark the wrong death as entered in error first.")
        )


def _end_double_attachment(session: Session, link: PatientLink, kept: Patient, hidden: Patient) -> None:
    today = clock.today()
    own = queries.current_attachment(session, [kept.id])
    other = queries.current_attachment(session, [hidden.id])
    if own is None or other is None:
        return
    link.ended_attachment_id = other.id
    link.attachment_end_date, link.attachment_end_reason = other.end_date, other.end_reason
    other.end_date = max(today, other.start_date + dt.timedelta(days=1))
    other.end_reason = "merged"


def unmerge(session: Session, actor: Actor, link_id: int) -> Patient:
    """Undo a link: the hidden record is live again, with the attachment it had."""
    link = session.scalar(select(PatientLink).where(PatientLink.id == link_id).with_for_update())
    if link is None:
        raise NotFound(_("There is no such link"))
    if link.unlinked_at is not None:
        raise Conflict(_("The link has been undone already"))
    before = audit.snapshot(link)
    hidden = queries.patient_or_404(session, link.other_patient_id)
    try:
        with session.begin_nested():
            link.unlinked_at, link.unlinked_by = clock.now(), actor.login
            hidden.is_live = True
            session.flush()
    except IntegrityError as refused:
        raise Conflict(
            _("The record that stays has taken over the IIN"), advice=_("Correct its number first.")
        ) from refused
    if link.ended_attachment_id is not None:
        ended = session.get_one(Attachment, link.ended_attachment_id)
        ended.end_date, ended.end_reason = link.attachment_end_date, link.attachment_end_reason
        session.flush()
    _log(session, actor, link, before, link.patient_id)
    _log(session, actor, link, before, hidden.id)
    return hidden


def _log(session: Session, actor: Actor, link: PatientLink, before: dict[str, object] | None, patient_id: int) -> None:
    audit.changed(
        session,
        actor,
        entity="patients.patient_link",
        entity_id=link.id,
        patient_id=patient_id,
        before=before,
        after=audit.snapshot(link),
    )
