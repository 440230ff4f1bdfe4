"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.permissions import Permission

ProtectionReader = Annotated[Actor, allowed(Permission.PROTECTION_CHECK_READ)]
ProtectionStater = Annotated[Actor, allowed(Permission.PROTECTION_STATEMENT_WRITE)]
