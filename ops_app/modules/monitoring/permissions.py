"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

Watcher = Annotated[Actor, allowed(Permission.MONITORING_RECORD_READ)]
Responder = Annotated[Actor, allowed(Permission.MONITORING_VALUE_WRITE)]
PatientWatcher = Annotated[PatientAccess, opens_patient(Permission.MONITORING_RECORD_READ)]
PatientValueWriter = Annotated[PatientAccess, opens_patient(Permission.MONITORING_VALUE_WRITE)]
PatientEnroller = Annotated[PatientAccess, opens_patient(Permission.MONITORING_ENROLMENT_WRITE)]
HomeDeviceKeeper = Annotated[Actor, allowed(Permission.DEVICES_DEVICE_MANAGE)]
