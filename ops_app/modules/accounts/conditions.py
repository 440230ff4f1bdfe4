"""When and from where an account may be used: bans, working hours, trusted networks, permits of service accounts."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app.i18n import N_
from ops_app.kit import clock, request_context

CLOSED = {
    "banned": N_("The administrator has closed this account for a time"),
    "hours": N_("It is outside your working hours"),
    "network": N_("Your organisation lets its staff in from its own networks only"),
    "permit": N_("No organisation permits this service account now"),
}

# One statement, because every request asks it. Networks of a node hold for everything below it.
_FACTS = text("""
with recursive above(id, parent_id) as (
  select o.id, o.parent_id from organizations.organization o
  join accounts.held_role r on r.organization_id = o.id
  where r.account_id = :account and exists (select from accounts.trusted_network)
  union
  select o.id, o.parent_id from organizations.organization o join above a on o.id = a.parent_id
)
select
  exists (select from accounts.ban where account_id = :account and lifted_at is null
          and starts_at <= :now and ends_at > :now) as is_banned,
  (select array_agg(weekday || ' ' || starts || ' ' || ends) from accounts.working_hours
   where account_id = :account) as hours,
  (select array_agg(t.network) from accounts.trusted_network t join above on above.id = t.organization_id) as networks,
  exists (select from accounts.service_permit where account_id = :account
          and :today between starts_on and ends_on) as is_permitted
""")


def closed_because(session: Session, account_id: int, kind: str, *, check_network: bool = True) -> str | None:
    """Why the account may not be used at this moment from this address, or None."""
    values = {"account": account_id, "now": clock.now(), "today": clock.today()}
    facts = session.execute(_FACTS, values).one()
    if facts.is_banned:
        return "banned"
    if kind == "service" and not facts.is_permitted:
        return "permit"
    if facts.hours and not within_hours(facts.hours, clock.local(clock.now())):
        return "hours"
    if check_network and facts.networks and not within_networks(facts.networks, request_context.current().ip):
        return "network"
    return None


def within_hours(hours: Sequence[str], at: dt.datetime) -> bool:
    """Whether a local moment lies in a shift; a shift that ends before it begins ends on the next day."""
    for written in hours:
        weekday, starts, ends = written.split()
        begin, end = dt.time.fromisoformat(starts), dt.time.fromisoformat(ends)
        is_day, is_next_day = at.isoweekday() == int(weekday), at.isoweekday() == int(weekday) % 7 + 1
        time = at.time()
        if begin < end and is_day and begin <= time < end:
            return True
        if begin >= end and ((is_day and time >= begin) or (is_next_day and time < end)):
            return True
    return False


def within_networks(networks: Sequence[str], ip: str | None) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in networks)
