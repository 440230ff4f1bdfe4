"""Limits of an account: bans, working hours, permits of service accounts; trusted networks of an organisation."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.undo import State, bring_back
from ops_app.modules.accounts import queries
from ops_app.modules.accounts.forms import BanForm, HoursForm, NetworkForm, PermitForm
from ops_app.modules.accounts.models import Account, Ban, ServicePermit, SignInSession, TrustedNetwork, WorkingHours


@dataclass(frozen=True)
class Limits:
    """What the page of a user shows about his limits."""

    bans: Sequence[Ban]
    hours: Sequence[WorkingHours]
    permits: Sequence[ServicePermit]
    sessions: Sequence[SignInSession]
    has_second_factor: bool

    @property
    def is_banned(self) -> bool:
        """Whether a ban holds now."""
        return any(ban.lifted_at is None and ban.starts_at <= clock.now() < ban.ends_at for ban in self.bans)


def limits_of(session: Session, account: Account) -> Limits:
    """Everything that limits an account."""
    return Limits(
        bans=session.scalars(select(Ban).where(Ban.account_id == account.id).order_by(Ban.id.desc())).all(),
        hours=session.scalars(
            select(WorkingHours).where(WorkingHours.account_id == account.id).order_by(WorkingHours.weekday)
        ).all(),
        permits=session.scalars(
            select(ServicePermit).where(ServicePermit.account_id == account.id).order_by(ServicePermit.id.desc())
        ).all(),
        sessions=queries.own_sessions(session, account.id),
        has_second_factor=queries.has_second_factor(session, account.id),
    )


def ban(session: Session, account: Account, form: BanForm, *, by: Actor) -> Ban:
    """Close an account for whole days; it opens by itself."""
    if account.id == by.account_id:
        raise Conflict(_("You cannot close your own account"))
    _refuse_reversed(form.ban_from, form.ban_to, "ban_to")
    made = Ban(
        account_id=account.id,
        starts_at=clock.from_local(form.ban_from),
        ends_at=clock.from_local(form.ban_to + dt.timedelta(days=1)),
        reason=form.reason,
        set_by=by.login,
    )
    session.add(made)
    session.flush()
    about = {"login": account.login, "starts_at": made.starts_at, "ends_at": made.ends_at, "reason": form.reason}
    audit.changed(session, by, entity="accounts.ban", entity_id=made.id, after=about)
    return made


def lift_ban(session: Session, account: Account, ban_id: int, *, by: Actor) -> None:
    """End a ban before its time."""
    found = session.get(Ban, ban_id)
    if found is None or found.account_id != account.id:
        raise NotFound()
    if found.lifted_at is not None:
        raise Conflict(_("The ban is lifted already"))
    found.lifted_at = clock.now()
    after = {"login": account.login, "lifted_at": found.lifted_at}
    audit.changed(session, by, entity="accounts.ban", entity_id=ban_id, before={}, after=after)


def set_hours(session: Session, account: Account, form: HoursForm, *, by: Actor) -> None:
    """Replace the working hours of an account; no day takes the limit away."""
    if form.weekdays and form.starts is None:
        raise Invalid(_("Write when the shift begins"), field="starts")
    if form.weekdays and form.ends is None:
        raise Invalid(_("Write when the shift ends"), field="ends")
    session.execute(delete(WorkingHours).where(WorkingHours.account_id == account.id))
    for day in form.weekdays:
        session.add(WorkingHours(account_id=account.id, weekday=int(day), starts=form.starts, ends=form.ends))
    session.flush()
    about = {"login": account.login, "weekdays": form.weekdays, "starts": form.starts, "ends": form.ends}
    audit.changed(session, by, entity="accounts.working_hours", entity_id=account.id, after=about)


def permit(session: Session, account: Account, form: PermitForm, *, by: Actor) -> None:
    """Permit a service account for a period, on the basis of a letter."""
    if account.kind != "service":
        raise Conflict(_("Only service accounts need a permit"))
    _refuse_reversed(form.permit_from, form.permit_to, "permit_to")
    made = ServicePermit(
        account_id=account.id,
        starts_on=form.permit_from,
        ends_on=form.permit_to,
        basis=form.basis,
        permitted_by=by.login,
    )
    session.add(made)
    session.flush()
    about = {"login": account.login, "starts_on": made.starts_on, "ends_on": made.ends_on, "basis": made.basis}
    audit.changed(session, by, entity="accounts.service_permit", entity_id=made.id, after=about)


def end_session(session: Session, account: Account, session_id: int, *, by: Actor) -> None:
    """End one session of somebody else."""
    row = session.get(SignInSession, session_id)
    if row is None or row.account_id != account.id:
        raise NotFound(_("There is no such session"))
    row.revoked_at = row.revoked_at or clock.now()
    audit.security(
        session, by.login, "accounts:session_ended", account_id=by.account_id, session_id=session_id, of=account.login
    )


def add_network(session: Session, form: NetworkForm, *, by: Actor) -> None:
    """Trust a network; from then on the organisation's staff work from its networks only."""
    try:
        network = str(ipaddress.ip_network(form.network.strip()))
    except ValueError:
        raise Invalid(_("Write a network, for example 10.20.0.0/16 or 192.168.1.15"), field="network") from None
    known = select(TrustedNetwork).where(
        TrustedNetwork.organization_id == form.organization_id, TrustedNetwork.network == network
    )
    if session.scalars(known).first() is not None:
        raise Conflict(_("This network is listed already"), field="network")
    made = TrustedNetwork(organization_id=form.organization_id, network=network, note=form.note)
    session.add(made)
    session.flush()
    _log_network(session, by, made)


def restore_network(session: Session, state: State, *, by: Actor) -> None:
    """Trust a network again that was just removed."""
    _log_network(session, by, bring_back(session, TrustedNetwork, state))


def _log_network(session: Session, by: Actor, network: TrustedNetwork) -> None:
    about = {"organization_id": network.organization_id, "network": network.network, "note": network.note}
    audit.changed(session, by, entity="accounts.trusted_network", entity_id=network.id, after=about)


def remove_network(session: Session, network: TrustedNetwork, *, by: Actor) -> None:
    """Trust a network no more."""
    before = {"organization_id": network.organization_id, "network": network.network}
    audit.changed(
        session,
        by,
        entity="accounts.trusted_network",
        entity_id=network.id,
        before=before,
        after={"organization_id": None, "network": None},
    )
    session.delete(network)
    session.flush()


def _refuse_reversed(first: dt.date, last: dt.date, field: str) -> None:
    if last < first:
        raise Invalid(_("The end is before the beginning"), field=field)
