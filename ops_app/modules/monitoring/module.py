"""Patients watched at home."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.monitoring import device_routes, patient_routes, routes
from ops_app.modules.monitoring.notices import CRISIS
from ops_app.modules.monitoring.task_kinds import TASK_KINDS
from ops_app.permissions import Permission

router = APIRouter()
router.routes.extend(
    (
        *routes.router.routes,
        *patient_routes.router.routes,
        *device_routes.router.routes,
        *device_routes.sending.routes,
    )
)

MODULE = Module(
    "monitoring",
    router=router,
    nav=(
        NavItem(
            N_("Watched at home"),
            "monitoring:list",
            Permission.MONITORING_RECORD_READ,
            group="day",
            order=12,
            waiting=routes.waiting,
        ),
        NavItem(
            N_("Keys of home devices"),
            "monitoring:devices",
            Permission.DEVICES_DEVICE_MANAGE,
            group="administration",
            order=41,
        ),
    ),
    actions={
        "monitoring:list": N_("Opened the list of patients watched at home"),
        "monitoring:alert": N_("Opened an alert of home monitoring"),
        "monitoring:record_measure": N_("Recorded what was done about an alert"),
        "monitoring:of_patient": N_("Opened home monitoring of a patient"),
        "monitoring:enrol": N_("Opened the form of home monitoring"),
        "monitoring:save_enrolment": N_("Had a patient watched at home"),
        "monitoring:end": N_("Ended home monitoring"),
        "monitoring:limits": N_("Opened limits of home monitoring"),
        "monitoring:set_limits": N_("Set limits of home monitoring"),
        "monitoring:values": N_("Opened the form of values measured at home"),
        "monitoring:enter_values": N_("Entered values measured at home"),
        "monitoring:receive": N_("Took a measurement from a device"),
        "monitoring:bind": N_("Gave a device to a patient"),
        "monitoring:take_back": N_("Took a device back from a patient"),
        "monitoring:give_key": N_("Gave a home device a key"),
        "monitoring:end_key": N_("Ended the key of a home device"),
        "monitoring:apply": N_("Put values measured at home into a visit"),
    },
    task_kinds=TASK_KINDS,
    notices=(CRISIS,),
)
