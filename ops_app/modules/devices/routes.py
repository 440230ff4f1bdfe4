"""Pages of the register of devices."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor, Scope
from ops_app.db import Db
from ops_app.errors import Forbidden, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.device_messages.analyser_profile import profile
from ops_app.mechanisms.undo import Undo
from ops_app.modules.accounts.queries import organization_choices
from ops_app.modules.devices import queries, service, strangers
from ops_app.modules.devices.forms import DeviceFilter, DeviceForm, DownloadForm, MappingForm, RetireForm
from ops_app.modules.devices.models import Device
from ops_app.modules.devices.permissions import DeviceManager, DeviceReader, DeviceWorker
from ops_app.modules.devices.titles import DOWNLOADS, KINDS, PROTOCOLS
from ops_app.modules.organizations.models import Location, Organization
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect

router = APIRouter(include_in_schema=False)

NEW = {"kind": "analyser", "protocol": "astm", "sender": ""}
"""How the form of a new device begins, unless the address says more."""


@router.get("/devices", name="devices:list")
def devices(request: Request, actor: DeviceReader, db: Db, paging: Paging) -> Response:
    """Devices of the actor's organisations."""
    form = Posted(request.query_params).check(DeviceFilter)
    asked = form.value or DeviceFilter()
    found = fetch_page(
        db,
        queries.listed(
            actor.scope(Permission.DEVICES_DEVICE_READ), text=asked.q, kind=asked.kind, retired=asked.retired
        ),
        paging,
        sortable={"name": Device.name, "kind": Device.kind, "sender": Device.sender},
        default=[Device.is_active.desc(), Device.name, Device.id],
    )
    return page(
        request,
        "devices/list.html",
        form=form,
        found=found,
        kinds=KINDS,
        protocols=PROTOCOLS,
        manages=actor.may(Permission.DEVICES_DEVICE_MANAGE),
        assigns=strangers.may_assign(actor),
    )


@router.get("/devices/strangers", name="devices:strangers")
def unregistered(request: Request, actor: DeviceManager, db: Db) -> Response:
    """Senders that nobody registered; what they sent is nobody's."""
    if not strangers.may_assign(actor):
        raise Forbidden()
    return page(request, "devices/strangers.html", found=strangers.strangers(db), protocols=PROTOCOLS)


@router.get("/devices/new", name="devices:new")
def new(request: Request, actor: DeviceManager, db: Db) -> Response:
    """The form of a new device."""
    known = {name: request.query_params.get(name) or usual for name, usual in NEW.items()}
    return _form_page(request, db, actor, blank(known), None)


@router.post("/devices/new", name="devices:register")
def register(request: Request, actor: DeviceManager, db: Db, posted: PostedForm) -> Response:
    """Add a device."""
    form = posted.check(DeviceForm)
    if form.value is not None:
        try:
            row = service.register(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.id), _("The device is registered"))
    return _form_page(request, db, actor, form, None, 422)


@router.get("/devices/{device_id}", name="devices:device")
def device(request: Request, device_id: int, actor: DeviceReader, db: Db) -> Response:
    """One device and its codes."""
    row = _own(db, actor.scope(Permission.DEVICES_DEVICE_READ), device_id)
    return _device_page(request, db, actor, row, blank({"factor": "1"}), blank())


@router.get("/devices/{device_id}/change", name="devices:change_page")
def change_page(request: Request, device_id: int, actor: DeviceManager, db: Db) -> Response:
    """The form with what is known."""
    row = _own(db, actor.scope(Permission.DEVICES_DEVICE_MANAGE), device_id)
    known = {name: value for name, value in audit.snapshot(row).items() if value is not None}
    return _form_page(request, db, actor, blank(known), row)


@router.post("/devices/{device_id}/change", name="devices:change")
def change(request: Request, device_id: int, actor: DeviceManager, db: Db, posted: PostedForm) -> Response:
    """Correct a device."""
    row = _own(db, actor.scope(Permission.DEVICES_DEVICE_MANAGE), device_id)
    form = posted.check(DeviceForm)
    if form.value is not None:
        try:
            service.change(db, actor, row, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.id), _("Saved"))
    return _form_page(request, db, actor, form, row, 422)


@router.post("/devices/{device_id}/retire", name="devices:retire")
def retire(request: Request, device_id: int, actor: DeviceManager, db: Db, posted: PostedForm) -> Response:
    """Take a device out of use."""
    row = _own(db, actor.scope(Permission.DEVICES_DEVICE_MANAGE), device_id)
    form = posted.check(RetireForm)
    if form.value is not None:
        service.retire(db, actor, row, form.value)
        return redirect(request, str(request.app.url_path_for("devices:list")), _("The device is retired"))
    return _device_page(request, db, actor, row, blank({"factor": "1"}), form, 422)


@router.post("/devices/{device_id}/codes", name="devices:map_code")
def map_code(request: Request, device_id: int, actor: DeviceManager, db: Db, posted: PostedForm) -> Response:
    """Say what a code means."""
    row = _own(db, actor.scope(Permission.DEVICES_DEVICE_MANAGE), device_id)
    form = posted.check(MappingForm)
    if form.value is not None:
        service.map_code(db, actor, row, form.value)
        return redirect(request, _url(request, row.id) + "#codes", _("Saved"))
    return _device_page(request, db, actor, row, form, blank(), 422)


@router.post("/devices/{device_id}/codes/{mapping_id}/remove", name="devices:remove_mapping")
def remove_mapping(request: Request, device_id: int, mapping_id: int, actor: DeviceManager, db: Db) -> Response:
    """End the meaning of a code."""
    row = _own(db, actor.scope(Permission.DEVICES_DEVICE_MANAGE), device_id)
    found = queries.mapping(db, row.id, mapping_id)
    if found is None:
        raise NotFound(_("There is no such code"))
    service.remove_mapping(db, actor, found)
    undo = Undo("devices:restore_mapping", {"device_id": device_id, "mapping_id": mapping_id})
    return redirect(request, _url(request, row.id) + "#codes", _("Removed"), undo=undo)


@router.post("/devices/{device_id}/codes/{mapping_id}/restore", name="devices:restore_mapping")
def restore_mapping(request: Request, device_id: int, mapping_id: int, actor: DeviceManager, db: Db) -> Response:
    """Let the ended meaning of a code hold again."""
    row = _own(db, actor.scope(Permission.DEVICES_DEVICE_MANAGE), device_id)
    found = queries.mapping(db, row.id, mapping_id, removed=True)
    if found is None:
        raise NotFound(_("There is no such code"))
    service.restore_mapping(db, actor, row, found)
    return redirect(request, _url(request, row.id) + "#codes", _("The code is back"))


@router.post("/devices/{device_id}/orders", name="devices:send_orders")
def send_orders(request: Request, device_id: int, actor: DeviceWorker, db: Db, posted: PostedForm) -> Response:
    """Have the orders of a tube sent to the analyser."""
    row = _own(db, actor.scope(Permission.LABORATORY_WORK_DO), device_id)
    form = posted.check(DownloadForm)
    if form.value is None:
        return redirect(request, _url(request, row.id) + "#orders", _("Scan or write the code of a tube"), "danger")
    service.send_orders(db, actor, row, form.value)
    return redirect(
        request, _url(request, row.id) + "#orders", _("The orders go to the analyser when its line is free")
    )


def _own(db: Session, scope: Scope, device_id: int) -> Device:
    row = queries.device(db, scope, device_id)
    if row is None:
        raise NotFound(_("There is no such device"))
    return row


def _url(request: Request, device_id: int) -> str:
    return str(request.app.url_path_for("devices:device", device_id=device_id))


def _device_page(
    request: Request,
    db: Session,
    actor: Actor,
    row: Device,
    mapping: Form[MappingForm],
    retiring: Form[RetireForm],
    status_code: int = 200,
) -> Response:
    mappings, downloads = queries.mappings(db, row.id), queries.downloads(db, row.id)
    return page(
        request,
        "devices/device.html",
        device=row,
        organization=db.get(Organization, row.organization_id),
        registered=queries.registration(db, row.registration_number),
        registration_in_force=queries.registration_in_force(db, row, clock.today()),
        location=db.get(Location, row.location_id) if row.location_id else None,
        mappings=mappings,
        mapping=mapping,
        retiring=retiring,
        downloads=downloads,
        download_states=DOWNLOADS,
        takes_orders=row.is_active and row.protocol == "astm" and profile(row.profile).takes_orders,
        works=actor.scope(Permission.LABORATORY_WORK_DO).allows(row.organization_id),
        kinds=KINDS,
        protocols=PROTOCOLS,
        manages=row.is_active and actor.scope(Permission.DEVICES_DEVICE_MANAGE).allows(row.organization_id),
        status_code=status_code,
    )


def _form_page(
    request: Request, db: Session, actor: Actor, form: Form[DeviceForm], row: Device | None, status_code: int = 200
) -> Response:
    scope = actor.scope(Permission.DEVICES_DEVICE_MANAGE)
    return page(
        request,
        "devices/form.html",
        form=form,
        registered=queries.registration(db, form.text("registration_number")),
        device=row,
        kinds=KINDS,
        protocols=PROTOCOLS,
        places=[(each.id, "– " * depth + local_name(each)) for each, depth in organization_choices(db, scope)],
        locations=[(each.id, local_name(each)) for each in queries.locations(db, scope)],
        status_code=status_code,
    )
