"""A page that was opened by a rule and audited gives its pictures a ticket, so that a stack of a thousand
frames is one row of the journal and not a thousand. Without a valid ticket a picture is opened like a page.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from ops_app.actor import Actor
from saulyq.secrets import secret
from saulyq.settings import settings

LASTS = 15 * 60


def ticket(actor: Actor, about: str, now: float | None = None) -> str:
    """A ticket of this account for one study or recording, such as ``study:7``."""
    until = int((now or time.time()) + LASTS)
    return f"{until}-{_signed(actor, about, until)}"


def holds(actor: Actor, about: str, given: str, now: float | None = None) -> bool:
    """Whether a ticket is this account's, for this, and not too old."""
    until, _dash, signature = given.partition("-")
    if not until.isdecimal() or len(until) > 12 or int(until) < (now or time.time()):
        return False
    return hmac.compare_digest(signature, _signed(actor, about, int(until)))


def _signed(actor: Actor, about: str, until: int) -> str:
    key = secret(settings().secrets_dir, "picture_ticket_key")
    return hmac.new(key.encode(), f"{actor.account_id} {about} {until}".encode(), hashlib.sha256).hexdigest()[:32]
