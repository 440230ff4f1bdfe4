"""Devices of patients: the door they send to, which one is with whom, their keys."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ops_app.auth import Machine
from ops_app.db import Db, open_session
from ops_app.errors import BadRequest, NotSignedIn, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import PostedForm
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.devices.models import Device
from ops_app.modules.fhir.bundles import FhirResponse
from ops_app.modules.fhir.routes import FhirRoute
from ops_app.modules.monitoring import device_intake, device_queries, queries
from ops_app.modules.monitoring.permissions import HomeDeviceKeeper, PatientEnroller
from ops_app.modules.patients.card import person
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)
sending = APIRouter(include_in_schema=False, route_class=FhirRoute)

LARGEST = 256 * 1024


async def sent_body(request: Request) -> bytes:
    """The body, refused while it arrives when it is too large for one measurement."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > LARGEST:
            raise BadRequest(_("The message is too large"))
    return bytes(found)


def calling_device(request: Request, db: Db) -> Device:
    """The device whose key is shown."""
    header = request.headers.get("authorization")
    device = device_intake.calling_device(db, header)
    if device is None:
        # in a transaction of its own: the refusal takes that of the request back
        with open_session(request.app.state.engine) as session, session.begin():
            device_intake.tell_ended_key(session, header)
        raise NotSignedIn()
    return device


CallingDevice = Annotated[Device, Depends(calling_device, scope="function")]
SentBody = Annotated[bytes, Depends(sent_body)]


@sending.post("/fhir/Observation", name="monitoring:receive")
def receive(request: Request, _program: Machine, device: CallingDevice, body: SentBody, db: Db) -> Response:
    """Take a measurement; answered when it is stored."""
    peer = request.client.host if request.client else None
    said = device_intake.receive(db, device, body, peer)
    if said.status in (200, 201):
        issue: dict[str, Any] = {"severity": "information", "code": "informational"}
        return FhirResponse({"resourceType": "OperationOutcome", "issue": [issue]}, status_code=said.status)
    issue = {
        "severity": "error",
        "code": "duplicate" if said.status == 409 else "invalid",
        "details": {"text": said.text},
        "expression": [said.element],
    }
    return FhirResponse({"resourceType": "OperationOutcome", "issue": [issue]}, status_code=said.status)


@router.post("/patients/{patient_id}/monitoring/devices", name="monitoring:bind")
def bind(request: Request, access: PatientEnroller, db: Db, posted: PostedForm) -> Response:
    actor = access.actor
    scope = actor.scope(Permission.MONITORING_ENROLMENT_WRITE)
    enrolment = queries.enrolment_or_404(db, person(db, access).records, scope)
    address = request.app.url_path_for("monitoring:of_patient", patient_id=access.patient_id)
    chosen = posted.get("device_id") or ""
    if not chosen.isdigit():
        return redirect(request, address, _("Choose a device"), "danger")
    try:
        device_intake.bind(db, actor, enrolment, device_queries.device_to_give_or_404(db, scope, int(chosen[:15])))
    except OpsError as refused:
        return redirect(request, address, refused.message, "danger")
    return redirect(request, address, _("The device is with the patient; what it measures from now on is taken in"))


@router.post("/patients/{patient_id}/monitoring/devices/{binding_id}/end", name="monitoring:take_back")
def take_back(request: Request, access: PatientEnroller, db: Db, binding_id: int) -> Response:
    scope = access.actor.scope(Permission.MONITORING_ENROLMENT_WRITE)
    enrolment = queries.enrolment_or_404(db, person(db, access).records, scope)
    device_intake.take_back(db, access.actor, device_queries.binding_or_404(db, enrolment.id, binding_id))
    address = request.app.url_path_for("monitoring:of_patient", patient_id=access.patient_id)
    return redirect(request, address, _("The device is taken back"))


@router.get("/monitoring/devices", name="monitoring:devices")
def devices(request: Request, actor: HomeDeviceKeeper, db: Db, paging: Paging) -> Response:
    statement = device_queries.with_keys(actor.scope(Permission.DEVICES_DEVICE_MANAGE))
    found = fetch_page(db, statement, paging, sortable={}, default=[Device.name, Device.id])
    return page(request, "monitoring/devices.html", found=found, key=None, device=None, today=clock.today())


@router.post("/monitoring/devices/{device_id}/key", name="monitoring:give_key")
def give_key(request: Request, actor: HomeDeviceKeeper, db: Db, paging: Paging, device_id: int) -> Response:
    """A new key; this answer is the only place it is ever seen."""
    scope = actor.scope(Permission.DEVICES_DEVICE_MANAGE)
    device = device_queries.home_device_or_404(db, scope, device_id)
    key = device_intake.give_key(db, actor, device)
    found = fetch_page(db, device_queries.with_keys(scope), paging, sortable={}, default=[Device.name, Device.id])
    answer = page(request, "monitoring/devices.html", found=found, key=key, device=device, today=clock.today())
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/monitoring/devices/{device_id}/key/end", name="monitoring:end_key")
def end_key(request: Request, actor: HomeDeviceKeeper, db: Db, device_id: int) -> Response:
    scope = actor.scope(Permission.DEVICES_DEVICE_MANAGE)
    device_intake.end_key(db, actor, device_queries.home_device_or_404(db, scope, device_id))
    return redirect(request, request.app.url_path_for("monitoring:devices"), _("The key is ended"))
