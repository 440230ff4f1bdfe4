"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.permissions import Permission

RunReader = Annotated[Actor, allowed(Permission.LAB_QUALITY_RUN_READ)]
RunWriter = Annotated[Actor, allowed(Permission.LAB_QUALITY_RUN_WRITE)]
LotManager = Annotated[Actor, allowed(Permission.LAB_QUALITY_LOT_MANAGE)]
HoldCloser = Annotated[Actor, allowed(Permission.LAB_QUALITY_HOLD_CLOSE)]
