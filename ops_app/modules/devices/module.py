"""The register of devices: what is connected, how it names itself, what its codes mean."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.devices.routes import router
from ops_app.modules.devices.titles import ACTIONS
from ops_app.permissions import Permission

MODULE = Module(
    "devices",
    router=router,
    nav=(NavItem(N_("Devices"), "devices:list", Permission.DEVICES_DEVICE_READ, group="administration", order=40),),
    actions=ACTIONS,
)
