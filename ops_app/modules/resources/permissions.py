"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.permissions import Permission

RegisterReader = Annotated[Actor, allowed(Permission.RESOURCES_REGISTER_READ)]
RegisterWriter = Annotated[Actor, allowed(Permission.RESOURCES_REGISTER_WRITE)]
