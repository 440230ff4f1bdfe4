"""Every write of the security module."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.audit.forms import JournalFilter
from ops_app.modules.audit.models import Event
from ops_app.modules.audit.queries import events
from ops_app.modules.patients.models import AccessGrant
from ops_app.modules.security import queries
from ops_app.modules.security.forms import IncidentForm, VerdictForm
from ops_app.modules.security.models import AccessReview, Incident, IncidentEvidence
from ops_app.permissions import Permission

EVIDENCE_ROWS = 5000


def register_incident(session: Session, actor: Actor, form: IncidentForm) -> Incident:
    """Register an incident inside the actor's own scope."""
    scope = actor.scope(Permission.SECURITY_INCIDENT_MANAGE)
    organization_id = form.organization_id or None
    if not scope.everywhere and not scope.allows(organization_id):
        raise Forbidden(_("Choose an organisation of yours"), field="organization_id")
    return open_incident(session, actor, form.kind, organization_id, form.description, form.affected)


def open_incident(
    session: Session,
    actor: Actor | None,
    kind: str,
    organization_id: int | None,
    description: str,
    affected: str | None = None,
) -> Incident:
    """Write a new incident; nobody as the actor means the program itself noticed it."""
    incident = Incident(
        kind=kind,
        organization_id=organization_id,
        description=description,
        affected=affected,
        reported_by=actor.login if actor else audit.SYSTEM,
        reported_at=clock.now(),
    )
    session.add(incident)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="security.incident",
        entity_id=incident.id,
        after={"kind": kind, "organization_id": organization_id, "description": description, "affected": affected},
    )
    return incident


def collect_evidence(session: Session, actor: Actor, incident: Incident, asked: JournalFilter) -> IncidentEvidence:
    """Keep the journal rows that answer a question; only those the officer may see."""
    _refuse_closed(incident)
    if asked.is_empty():
        raise Invalid(_("Say whose rows, which patient or which period to collect"))
    scope = actor.scope(Permission.AUDIT_JOURNAL_READ)
    if not scope:
        raise Forbidden()
    found = events(session, scope, asked).with_only_columns(Event.id).order_by(Event.id).limit(EVIDENCE_ROWS + 1)
    ids = list(session.scalars(found))
    if not ids:
        raise Invalid(_("No rows of the journal fit"))
    if len(ids) > EVIDENCE_ROWS:
        raise Invalid(_("More than %(n)s rows fit: narrow the question", n=EVIDENCE_ROWS))
    evidence = IncidentEvidence(
        incident_id=incident.id,
        asked=audit.plain(asked.as_details()),
        event_ids=ids,
        collected_by=actor.login,
        collected_at=clock.now(),
    )
    session.add(evidence)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="security.incident_evidence",
        entity_id=evidence.id,
        after={"incident_id": incident.id, "rows": len(ids), **asked.as_details()},
    )
    return evidence


def close_incident(session: Session, actor: Actor, incident: Incident, outcome: str) -> None:
    """Close an incident with what came out of it."""
    _refuse_closed(incident)
    incident.closed_at, incident.closed_by, incident.outcome = clock.now(), actor.login, outcome
    session.flush()
    audit.changed(
        session,
        actor,
        entity="security.incident",
        entity_id=incident.id,
        before={"closed_at": None, "outcome": None},
        after={"closed_at": incident.closed_at, "outcome": outcome},
    )


def judge(session: Session, actor: Actor, grant: AccessGrant, form: VerdictForm) -> AccessReview:
    """Give the verdict on a stated reason; a refused one becomes an incident."""
    if session.get(AccessReview, grant.id) is not None:
        raise Conflict(_("Somebody has reviewed this reason meanwhile"))
    incident = None
    if form.verdict == "incident":
        if not form.note or len(form.note) < 10:
            raise Invalid(_("Say what is wrong: it becomes the description of the incident"), field="note")
        home = queries.home_of(session, grant.granted_to)
        incident = open_incident(
            session, actor, "access", home, form.note, f"{grant.granted_to} · № {grant.patient_id}"
        )
        session.add(
            IncidentEvidence(
                incident_id=incident.id,
                asked=audit.plain({"user": grant.granted_to, "patient": str(grant.patient_id)}),
                event_ids=_rows_of_grant(session, grant),
                collected_by=actor.login,
                collected_at=clock.now(),
            )
        )
    review = AccessReview(
        grant_id=grant.id,
        verdict=form.verdict,
        note=form.note,
        incident_id=incident.id if incident else None,
        reviewed_by=actor.login,
        reviewed_at=clock.now(),
    )
    session.add(review)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="security.access_review",
        entity_id=grant.id,
        patient_id=grant.patient_id,
        after={"verdict": form.verdict, "note": form.note, "incident_id": review.incident_id},
    )
    return review


def _rows_of_grant(session: Session, grant: AccessGrant) -> list[int]:
    rows = select(Event.id).where(
        Event.patient_id == grant.patient_id,
        Event.login == grant.granted_to,
        Event.at.between(grant.granted_at, grant.expires_at),
    )
    return list(session.scalars(rows.order_by(Event.id).limit(EVIDENCE_ROWS)))


def _refuse_closed(incident: Incident) -> None:
    if incident.closed_at is not None:
        raise Conflict(_("The incident is closed"))
