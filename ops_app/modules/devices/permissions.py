"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.permissions import Permission

DeviceReader = Annotated[Actor, allowed(Permission.DEVICES_DEVICE_READ)]
DeviceWorker = Annotated[Actor, allowed(Permission.LABORATORY_WORK_DO)]
DeviceManager = Annotated[Actor, allowed(Permission.DEVICES_DEVICE_MANAGE)]
