"""The access rules that routes of this module name."""

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import SignedIn, allowed
from ops_app.permissions import Permission

GuidanceReader = SignedIn
"""Protocols and conditions hold nothing about people."""
GuidanceManager = Annotated[Actor, allowed(Permission.GUIDANCE_BOOK_MANAGE)]
