"""Pages of those who answer for security."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.accounts.queries import organization_choices
from ops_app.modules.audit.forms import JournalFilter
from ops_app.modules.audit.models import Event
from ops_app.modules.audit.titles import KINDS, action_titles, rule_title
from ops_app.modules.patients.models import AccessGrant
from ops_app.modules.security import queries, service
from ops_app.modules.security.forms import (
    ASKED_TITLES,
    INCIDENT_TITLES,
    METHOD_TITLES,
    REASON_TITLES,
    RESULT_TITLES,
    ClosingForm,
    IncidentForm,
    SignInFilter,
    VerdictForm,
)
from ops_app.modules.security.models import AccessReview, Incident
from ops_app.modules.security.permissions import AccessReviewer, IncidentOfficer, SignInReader
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect

router = APIRouter()

EVIDENCE_SHOWN = 200


@router.get("/security/reviews", name="security:reviews")
def reviews(request: Request, actor: AccessReviewer, db: Db, paging: Paging, done: bool = False) -> Response:
    """Cards opened with a stated reason: those that wait, or those already judged."""
    statement: Any = queries.reviewed(actor) if done else queries.grants_to_review(actor)
    default = [AccessReview.reviewed_at.desc(), AccessReview.grant_id] if done else [AccessGrant.id]
    found = fetch_page(db, statement, paging, sortable={}, default=default)
    grants = [row.AccessGrant for row in found.items]
    audit.read_many(db, actor, {grant.patient_id for grant in grants}, rule="review")
    return page(
        request, "security/reviews.html", found=found, done=done, seen=queries.seen_under(db, grants), form=blank()
    )


@router.post("/security/reviews/{grant_id}", name="security:judge")
def judge(request: Request, grant_id: int, actor: AccessReviewer, db: Db, posted: PostedForm) -> Response:
    grant = queries.grant_to_review(db, actor, grant_id)
    form = posted.check(VerdictForm)
    if form.value is not None:
        try:
            review = service.judge(db, actor, grant, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            text = _("An incident is opened") if review.incident_id else _("The access is confirmed")
            return redirect(request, str(request.app.url_path_for("security:reviews")), text)
    return page(request, "security/review.html", grant=grant, form=form, status_code=422)


@router.get("/security/incidents", name="security:incidents")
def incidents(request: Request, actor: IncidentOfficer, db: Db, paging: Paging, state: str = "open") -> Response:
    scope = actor.scope(Permission.SECURITY_INCIDENT_MANAGE)
    found = fetch_page(
        db,
        queries.incidents(scope, state),
        paging,
        sortable={"reported": Incident.reported_at, "kind": Incident.kind, "closed": Incident.closed_at},
        default=[Incident.id.desc()],
    )
    return page(request, "security/incidents.html", found=found, kinds=INCIDENT_TITLES, filters=blank({"state": state}))


@router.get("/security/incidents/new", name="security:new_incident")
def new_incident(request: Request, actor: IncidentOfficer, db: Db) -> Response:
    return _new_page(request, actor, db, blank())


@router.post("/security/incidents/new", name="security:register_incident")
def register_incident(request: Request, actor: IncidentOfficer, db: Db, posted: PostedForm) -> Response:
    form = posted.check(IncidentForm)
    if form.value is not None:
        try:
            incident = service.register_incident(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _incident_url(request, incident.id), _("The incident is registered"))
    return _new_page(request, actor, db, form)


@router.get("/security/incidents/{incident_id}", name="security:incident")
def incident(request: Request, incident_id: int, actor: IncidentOfficer, db: Db) -> Response:
    return _incident_page(request, actor, db, _own(db, actor, incident_id), blank(), blank())


@router.post("/security/incidents/{incident_id}/evidence", name="security:collect_evidence")
def collect_evidence(
    request: Request, incident_id: int, actor: IncidentOfficer, db: Db, posted: PostedForm
) -> Response:
    found = _own(db, actor, incident_id, lock=True)
    form = posted.check(JournalFilter)
    if form.value is not None:
        try:
            evidence = service.collect_evidence(db, actor, found, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            text = _("Rows collected: %(n)s", n=len(evidence.event_ids))
            return redirect(request, _incident_url(request, incident_id), text)
    return _incident_page(request, actor, db, found, form, blank())


@router.post("/security/incidents/{incident_id}/close", name="security:close_incident")
def close_incident(request: Request, incident_id: int, actor: IncidentOfficer, db: Db, posted: PostedForm) -> Response:
    found = _own(db, actor, incident_id, lock=True)
    form = posted.check(ClosingForm)
    if form.value is not None:
        service.close_incident(db, actor, found, form.value.outcome)
        return redirect(request, str(request.app.url_path_for("security:incidents")), _("The incident is closed"))
    return _incident_page(request, actor, db, found, blank(), form)


@router.get("/security/sign-ins", name="security:sign_ins")
def sign_ins(request: Request, actor: SignInReader, db: Db, paging: Paging) -> Response:
    """Who signed in, who was refused and why."""
    form = Posted(request.query_params).check(SignInFilter)
    asked = form.value or SignInFilter()
    if asked.as_details():
        about = asked.as_details()
        audit.security(db, actor.login, "security:sign_ins_asked", account_id=actor.account_id, asked=about)
    found = fetch_page(
        db,
        queries.sign_ins(actor.scope(Permission.SECURITY_SIGNIN_READ), asked),
        paging,
        sortable={"at": Event.id, "login": Event.login},
        default=[Event.id.desc()],
        count=False,
    )
    return page(
        request,
        "security/sign_ins.html",
        form=form,
        found=found,
        results=RESULT_TITLES,
        methods=METHOD_TITLES,
        reasons=REASON_TITLES,
        status_code=422 if form.errors else 200,
    )


def _own(db: Session, actor: Actor, incident_id: int, *, lock: bool = False) -> Incident:
    return queries.incident_or_404(db, actor.scope(Permission.SECURITY_INCIDENT_MANAGE), incident_id, lock=lock)


def _incident_url(request: Request, incident_id: int) -> str:
    return str(request.app.url_path_for("security:incident", incident_id=incident_id))


def _new_page(request: Request, actor: Actor, db: Session, form: Form[IncidentForm]) -> Response:
    scope = actor.scope(Permission.SECURITY_INCIDENT_MANAGE)
    places = [(0, _("whole installation"))] if scope.everywhere else []
    places += [(node.id, "\N{EM DASH} " * depth + local_name(node)) for node, depth in organization_choices(db, scope)]
    return page(
        request,
        "security/new_incident.html",
        form=form,
        kinds=INCIDENT_TITLES,
        places=places,
        status_code=422 if form.errors else 200,
    )


def _incident_page(
    request: Request, actor: Actor, db: Session, found: Incident, asked: Form[JournalFilter], closing: Form[ClosingForm]
) -> Response:
    evidence = queries.evidence_of(db, found.id)
    rows = queries.collected(db, evidence, EVIDENCE_SHOWN)
    audit.read_many(db, actor, {row.patient_id for row in rows if row.patient_id}, rule="incident")
    return page(
        request,
        "security/incident.html",
        incident=found,
        kinds=INCIDENT_TITLES,
        evidence=evidence,
        rows=rows,
        asked=asked,
        asked_names=ASKED_TITLES,
        closing=closing,
        may_collect=actor.may(Permission.AUDIT_JOURNAL_READ) and found.closed_at is None,
        event_kinds=KINDS,
        rule_title=rule_title,
        titles=action_titles(request.app.state.modules),
        status_code=422 if asked.errors or closing.errors else 200,
    )
