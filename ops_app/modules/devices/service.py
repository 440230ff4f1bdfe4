"""Every change of the register."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.device_messages.analyser_profile import profile, profiles
from ops_app.modules.classifiers import state_register
from ops_app.modules.devices import queries, strangers
from ops_app.modules.devices.forms import DeviceForm, DownloadForm, MappingForm, RetireForm
from ops_app.modules.devices.models import CodeMapping, Device, OrderDownload
from ops_app.modules.organizations.models import Location
from ops_app.permissions import Permission


def register(session: Session, actor: Actor, form: DeviceForm) -> Device:
    """Add a device."""
    _check(session, actor, form, None)
    row = Device(**form.model_dump(), registered_by=actor.login)
    session.add(row)
    session.flush()
    audit.changed(session, actor, entity="devices.device", entity_id=row.id, after=_with_its_past(session, actor, row))
    return row


def change(session: Session, actor: Actor, row: Device, form: DeviceForm) -> None:
    """Correct what is known about a device."""
    _refuse_retired(row)
    _check(session, actor, form, row)
    before = audit.snapshot(row)
    for name, value in form.model_dump().items():
        setattr(row, name, value)
    session.flush()
    after = _with_its_past(session, actor, row)
    audit.changed(session, actor, entity="devices.device", entity_id=row.id, before=before, after=after)


def _with_its_past(session: Session, actor: Actor, row: Device) -> dict[str, Any]:
    """Give the device's organisation what came under its name before; the device as the journal keeps it."""
    taken = strangers.adopt(session, actor, row)
    return audit.snapshot(row) | ({"past_messages_given": taken} if taken else {})


def retire(session: Session, actor: Actor, row: Device, form: RetireForm) -> None:
    """Take a device out of use; what it sent stays."""
    _refuse_retired(row)
    row.is_active, row.retired_at, row.retired_reason = False, clock.now(), form.reason
    session.flush()
    after = {"is_active": False, "retired_reason": form.reason}
    audit.changed(session, actor, entity="devices.device", entity_id=row.id, before={"is_active": True}, after=after)


def map_code(session: Session, actor: Actor, row: Device, form: MappingForm) -> CodeMapping:
    """Say what a code of the device means; an earlier meaning of the same code and unit ends."""
    _refuse_retired(row)
    old = queries.mapping_of(session, row.id, form.their_code, form.their_unit)
    before = _meaning(old) if old else None
    if old is not None:
        old.removed_at = clock.now()
        session.flush()
    made = CodeMapping(device_id=row.id, **form.model_dump(), mapped_by=actor.login)
    session.add(made)
    session.flush()
    audit.changed(session, actor, entity="devices.code_mapping", entity_id=made.id, before=before, after=_meaning(made))
    return made


def remove_mapping(session: Session, actor: Actor, mapping: CodeMapping) -> None:
    """End the meaning of a code; results that come with it wait again."""
    mapping.removed_at = clock.now()
    _log_meaning(session, actor, mapping, removed=True)


def restore_mapping(session: Session, actor: Actor, row: Device, mapping: CodeMapping) -> None:
    """Let an ended meaning hold again, unless the code means something else by now."""
    _refuse_retired(row)
    if queries.mapping_of(session, row.id, mapping.their_code, mapping.their_unit) is not None:
        raise Conflict(
            _("This has been changed since, so it cannot be undone any more"),
            advice=_("Open it and look at its present state."),
        )
    mapping.removed_at = None
    _log_meaning(session, actor, mapping, removed=False)


def _log_meaning(session: Session, actor: Actor, mapping: CodeMapping, *, removed: bool) -> None:
    session.flush()
    audit.changed(
        session,
        actor,
        entity="devices.code_mapping",
        entity_id=mapping.id,
        before=_meaning(mapping) | {"removed": not removed},
        after=_meaning(mapping) | {"removed": removed},
    )


def send_orders(session: Session, actor: Actor, row: Device, form: DownloadForm) -> OrderDownload:
    """Have the orders of a tube sent to an analyser that takes them unasked."""
    _refuse_retired(row)
    if row.protocol != "astm" or not profile(row.profile).takes_orders:
        raise Conflict(_("This device takes no orders: it asks for them by itself, or measures what is set on it"))
    made = OrderDownload(device_id=row.id, specimen_barcode=form.specimen_barcode, asked_by=actor.login)
    session.add(made)
    session.flush()
    after = {"device_id": row.id, "specimen_barcode": form.specimen_barcode}
    audit.changed(session, actor, entity="devices.order_download", entity_id=made.id, after=after)
    return made


def _meaning(mapping: CodeMapping) -> dict[str, object]:
    names = ("device_id", "their_code", "their_unit", "parameter_code", "unit", "factor")
    return {name: getattr(mapping, name) for name in names}


def _refuse_retired(row: Device) -> None:
    if not row.is_active:
        raise Conflict(_("The device is retired"))


def _check(session: Session, actor: Actor, form: DeviceForm, row: Device | None) -> None:
    if not actor.scope(Permission.DEVICES_DEVICE_MANAGE).allows(form.organization_id):
        raise Forbidden(_("This organisation is not yours to administer"))
    if form.is_certified and not form.certificate_number:
        raise Invalid(_("A certified device has a number of its certificate"), field="certificate_number")
    number = form.registration_number
    known = row is not None and row.registration_number == number
    if number and not known and not state_register.in_force(session, state_register.DEVICES, number, clock.today()):
        raise Invalid(
            _("The state register names no device in force under this number: choose one of the list"),
            field="registration_number",
        )
    if form.certificate_until and not form.is_certified:
        raise Invalid(_("Tick that the device is certified, or leave the term empty"), field="certificate_until")
    if form.uses_tls and (form.protocol != "dicom" or ":" not in (form.address or "")):
        raise Invalid(_("Only what is sent by DICOM to a host:port is encrypted here"), field="uses_tls")
    if form.location_id is not None:
        place = session.get(Location, form.location_id)
        if place is None or place.organization_id != form.organization_id:
            raise Invalid(_("The room belongs to another organisation"), field="location_id")
    if form.profile and form.protocol in ("astm", "file"):
        declared = profiles().get(form.profile)
        if declared is None or declared.protocol != form.protocol:
            fitting = ", ".join(name for name, each in profiles().items() if each.protocol == form.protocol)
            raise Invalid(_("There is no such profile; there are: %(names)s", names=fitting), field="profile")
    same = queries.by_sender(session, form.protocol, form.sender)
    if same is not None and (row is None or same.id != row.id):
        raise Invalid(_("“%(name)s” already calls itself so", name=same.name), field="sender")
