"""Opening one person's data: the rule that allows it, and the audit row, in one dependency.

A route whose address holds ``{patient_id}`` must take one of these; the registry refuses it
otherwise::

    CardReader = Annotated[PatientAccess, opens_patient(Permission.PATIENTS_CARD_READ)]

    @router.get("/patients/{patient_id}", name="patients:card")
    def card(request: Request, access: CardReader, db: Db) -> Response: ...

Where no address names the person (an encounter, a task), call ``open_patient(db, actor, patient_id,
permission)`` before showing anything. The rules themselves belong to the patients module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.routing import NoMatchFound

from ops_app import audit
from ops_app.actor import Actor
from ops_app.auth import AccessRule
from ops_app.db import Db
from ops_app.errors import Forbidden, NotFound, Redirected
from ops_app.i18n import _
from ops_app.kit.htmx import is_htmx, wants_html
from ops_app.mechanisms.closed_topics.veil import veil_of
from ops_app.modules.access.queries import opening_scopes
from ops_app.modules.patients import access as patient_rules
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import record_ids
from ops_app.modules.personal_data import access as personal_data
from ops_app.permissions import Permission

CLOSED_TOPICS = "closed_topics"
"""The rule of what is shown after a stated reason opened the records of closed topics too."""
REASON_ROUTE = "patients:state_reason"
"""Where a reader whom no rule lets in may say why he must see the card."""


@dataclass(frozen=True, slots=True)
class PatientAccess:
    """A person the actor may open, and by which rule."""

    actor: Actor
    patient_id: int
    rule: str
    patient: Patient
    records: list[int]
    """This record and those a merge hid behind it."""


class CardClosed(Forbidden):
    """No rule lets the actor open this person; the page of the refusal leads to where a reason is stated."""

    def __init__(self, patient_id: int):
        super().__init__(
            _("This person is not attached to you"),
            advice=_("If the care of this person needs it, open the card with a stated reason; it will be reviewed."),
        )
        self.patient_id = patient_id


def open_patient(
    session: Session, actor: Actor, patient_id: int, permission: Permission, *, rule: str | None = None
) -> PatientAccess:
    """Check that the actor may open this person, write the audit row, and say by which rule.

    ``rule`` names a reason the caller has already proved, such as a task that names the person.
    """
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise NotFound(_("There is no such patient"))
    records = record_ids(session, patient_id)
    if rule is None:
        scopes = opening_scopes(session, actor, permission)
        rule = patient_rules.rule_for(session, scopes, records, actor.login)
    rule = personal_data.judged(session, actor, permission, records, rule)
    if rule is None:
        raise CardClosed(patient_id)
    audit.read(session, actor, patient_id, rule=str(rule))
    if (veil := veil_of(session)) is not None and patient_id in veil.revealed:
        audit.read(session, actor, patient_id, rule=CLOSED_TOPICS)
    return PatientAccess(actor, patient_id, str(rule), patient, records)


def opens_patient(permission: Permission) -> Any:
    """The dependency for ``Annotated[PatientAccess, opens_patient(...)]``."""
    rule = AccessRule(permission)

    def dependency(
        request: Request,
        patient_id: int,
        db: Db,
        actor: Annotated[Actor, Depends(rule, scope="function")],
    ) -> PatientAccess:
        try:
            return open_patient(db, actor, patient_id, permission)
        except CardClosed:
            raise _ask_for_reason(request, patient_id) from None

    # The registry reads both: the access rule, and that the audit row is written.
    dependency.access = rule  # type: ignore[attr-defined]
    dependency.opens_patient = True  # type: ignore[attr-defined]
    dependency.__annotations__["actor"] = Annotated[Actor, Depends(rule, scope="function")]
    return Depends(dependency, scope="function")


def reason_address(request: Request, patient_id: int) -> str:
    """Where the reader states why he must see the card; from there he comes back to this page."""
    page = request.app.url_path_for(REASON_ROUTE, patient_id=patient_id)
    return f"{page}?next={quote(request.url.path, safe='')}"


def _ask_for_reason(request: Request, patient_id: int) -> Exception:
    if request.method == "GET" and wants_html(request) and not is_htmx(request):
        try:
            return Redirected(reason_address(request, patient_id))
        except NoMatchFound:
            pass
    return CardClosed(patient_id)
