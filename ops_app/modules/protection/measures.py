"""What the program measures of its own protection; each function answers for the check of its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ops_app.i18n import _
from ops_app.kit import clock, outgoing
from ops_app.kit.dates import show_date, show_moment
from ops_app.mechanisms.notifications.channels import Email
from ops_app.mechanisms.outbox.adapter import adapter_of
from ops_app.mechanisms.outbox.adapters.mllp import MllpAdapter
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.modules.protection import queries
from ops_app.modules.protection.titles import LOCATIONS, STORAGE, STORES
from saulyq import integrity
from saulyq.settings import Settings
from saulyq.storage_encryption import locations

BACKUP_AGE = dt.timedelta(days=2)
RESTORE_AGE = dt.timedelta(days=183)
SEAL_DELAY = dt.timedelta(minutes=10)
NETWORKS = "13"
"""The control by which a device port without TLS may be open: the devices have a segment of their own."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, in the words of the reader."""

    is_met: bool
    detail: str


def storage_encrypted(session: Session, current: Settings) -> Finding:
    """Each place where the installation keeps data, as the kernel tells it."""
    found = locations(current)
    told = ", ".join(f"{_(LOCATIONS[each.name])}: {_(STORAGE[each.state])}" for each in found)
    if current.storage_encryption_document and any(each.state == "documented" for each in found):
        told += f" ({current.storage_encryption_document})"
    return Finding(all(each.is_protected for each in found), told)


def published_encrypted(session: Session, current: Settings) -> Finding:
    """Listeners that others reach: pages by https, device ports by TLS or inside a confirmed segment."""
    open_ports = []
    is_public = current.bind not in outgoing.OWN_MACHINE
    if (is_public or current.public_url) and not (current.public_url or "").startswith("https://"):
        open_ports.append(_("pages"))
    devices = {"HL7": current.hl7_certificate is None, "ASTM": current.astm_certificate is None}
    plain = [name for name, is_plain in devices.items() if is_public and is_plain]
    if (current.dicom_bind or current.bind) not in outgoing.OWN_MACHINE and current.dicom_certificate is None:
        plain.append("DICOM")
    segment = queries.statements(session).get(NETWORKS)
    if plain and not (segment and segment.is_met and segment.expires_on >= clock.today()):
        open_ports += plain
    return _listed(open_ports, _("without TLS"))


def outgoing_encrypted(session: Session, current: Settings) -> Finding:
    """Letters and MLLP; messages over HTTPS know no other way."""
    mail, plain = Email(), []
    if mail.configured() and mail.security == "none" and mail.host not in outgoing.OWN_MACHINE:
        plain.append(_("mail"))
    for name in queries.systems_switched_on(session):
        system = systems()[name]
        reached = adapter_of(system)
        open_to = reached.address if isinstance(reached, MllpAdapter) and not system.setting("CA") else None
        if open_to and open_to[0] not in outgoing.OWN_MACHINE:
            plain.append(name)
    return _listed(plain, _("without TLS"))


def gateway(session: Session, current: Settings) -> Finding:
    """Whether connections outward go by the gateway."""
    host = (current.gateway_url or "").rpartition("@")[2].removeprefix("http://")
    return Finding(bool(host), host or _("no gateway is set"))


def data_places(session: Session, current: Settings) -> Finding:
    """Stores whose place nobody declared; the table itself refuses one abroad."""
    known = queries.places(session)
    return _listed([_(title) for name, title in STORES.items() if name not in known], _("place not declared"))


def destinations(session: Session, current: Settings) -> Finding:
    """Systems that are switched on and whose place nobody declared."""
    known = queries.places(session)
    missing = [name for name in queries.systems_switched_on(session) if f"system:{name}" not in known]
    return _listed(missing, _("place not declared"))


def backup_fresh(session: Session, current: Settings) -> Finding:
    """The newest backup."""
    made = queries.newest_backup(session, "made")
    if made is None:
        return Finding(False, _("no backup was made yet"))
    return Finding(clock.now() - made.taken_at <= BACKUP_AGE, show_moment(made.taken_at))


def restore_tested(session: Session, current: Settings) -> Finding:
    """The newest trial restore."""
    tried = queries.newest_backup(session, "rehearsed")
    if tried is None:
        return Finding(False, _("no restore was tried yet"))
    return Finding(clock.now() - tried.recorded_at <= RESTORE_AGE, show_date(clock.local(tried.recorded_at).date()))


def program_files(session: Session, current: Settings) -> Finding:
    """Whether the files are sealed; the daily watch opens an incident when they change."""
    if not integrity.manifest_file(current).exists():
        return Finding(False, _("the files are not sealed"))
    if queries.has_integrity_incident(session):
        return Finding(False, _("an incident about the files is open"))
    return Finding(True, _("in order"))


def journal_sealed(session: Session, current: Settings) -> Finding:
    """Whether sealing keeps up with the journal."""
    late = queries.is_sealing_late(session, clock.now() - SEAL_DELAY)
    return Finding(not late, _("rows wait for their seal") if late else _("in order"))


def second_factor(session: Session, current: Settings) -> Finding:
    """Whether administrators show a second factor."""
    asked = queries.administrators_show_second_factor(session)
    return Finding(asked, _("it is mandatory") if asked else _("not mandatory"))


def _listed(problems: list[str], wrong: str) -> Finding:
    return Finding(not problems, f"{wrong}: {', '.join(problems)}" if problems else _("in order"))


MEASURES: dict[str, Callable[[Session, Settings], Finding]] = {
    measure.__name__: measure
    for measure in (
        storage_encrypted,
        published_encrypted,
        outgoing_encrypted,
        gateway,
        data_places,
        destinations,
        backup_fresh,
        restore_tested,
        program_files,
        journal_sealed,
        second_factor,
    )
}
