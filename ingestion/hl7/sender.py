"""On whose behalf a message is interpreted: its sender's profile, organisation and name in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ingestion.outcome import NotInterpreted
from ops_app.actor import Actor, RoleGrant, Scope
from ops_app.mechanisms.device_messages.hl7 import Message, Segment
from ops_app.mechanisms.device_messages.hl7_profile import Profile, profile_of
from ops_app.mechanisms.device_messages.hl7_structure import TABLE_VALUE, UNSUPPORTED_TYPE
from ops_app.modules.devices import queries as devices
from ops_app.modules.devices.models import Device
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.organizations.models import Organization
from ops_app.permissions import Permission

_MAY = frozenset({Permission.PATIENTS_IDENTITY_WRITE, Permission.PATIENTS_RECORD_MERGE, Permission.VISITS_RECORD_WRITE})


@dataclass(frozen=True)
class Incoming:
    """One message with everything its interpretation needs."""

    session: Session
    row: InboundMessage
    message: Message

    @cached_property
    def profile(self) -> Profile:
        """What is known of the sender."""
        return profile_of(self.message.header.text(3), self.message.header.text(4))

    @cached_property
    def actor(self) -> Actor:
        """Who stands in the audit journal: the sender, by name."""
        grant = RoleGrant("interpreter", None, Scope(everywhere=True), _MAY)
        sender = self.row.sender or "?"
        return Actor(0, 0, f"hl7:{sender}", sender, "en", grants=(grant,))

    @property
    def source_system(self) -> str:
        """Whose keys the records carry."""
        return f"hl7:{self.row.sender}"

    @cached_property
    def device(self) -> Device | None:
        """The sender as the register of devices knows it."""
        return devices.by_sender(self.session, "hl7", self.row.sender)

    @cached_property
    def organization(self) -> Organization:
        """Where it happened: the profile's, the device's, that of MSH-4, or the only one there is."""
        own = select(Organization).where(Organization.kind == "organization", Organization.is_active)
        if self.profile.organization:
            found = self.session.scalar(own.where(Organization.bin == self.profile.organization))
            if found is None:
                raise NotInterpreted("The organisation of the sender's profile does not exist", segment="MSH", field=3)
            return found
        if self.device is not None:
            return self.session.get_one(Organization, self.device.organization_id)
        facility = self.message.header.value(4)
        named = [facility.text(1), facility.text(2)]
        if any(named):
            asked = own.where(
                or_(Organization.bin.in_(named), Organization.source_key.in_(named), Organization.name_ru.in_(named))
            )
            matched = self.session.scalars(asked.limit(2)).all()
            if len(matched) == 1:
                return matched[0]
        ours = self.session.scalars(own.where(Organization.is_external.is_(False)).limit(2)).all()
        if len(ours) == 1:
            return ours[0]
        raise NotInterpreted(
            "It is not known to which organisation the sender belongs: add a profile for it",
            segment="MSH",
            field=4,
            code=TABLE_VALUE,
        )

    @property
    def organization_or_none(self) -> int | None:
        """The same where it need not be known."""
        try:
            return self.organization.id
        except NotInterpreted:
            return None

    @property
    def facility_name(self) -> str:
        """MSH-4 as people read it: the name of the organisation where it is a number that is known here."""
        number = self.message.header.text(4) or self.message.header.text(4, 2)
        known = select(Organization.name_ru).where(Organization.bin == number, Organization.kind == "organization")
        return self.session.scalar(known.limit(1)) or self.row.facility

    def segment(self, name: str) -> Segment:
        """The first segment of a name, which must be there."""
        found = self.message.first(name)
        if found is None:
            raise NotInterpreted("A segment that this message needs is missing", segment=name, code=UNSUPPORTED_TYPE)
        return found
