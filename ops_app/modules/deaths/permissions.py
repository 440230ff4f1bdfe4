"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

DeathReader = Annotated[Actor, allowed(Permission.DEATHS_RECORD_READ)]
DeathWriter = Annotated[Actor, allowed(Permission.DEATHS_RECORD_WRITE)]
PatientDeathWriter = Annotated[PatientAccess, opens_patient(Permission.DEATHS_RECORD_WRITE)]
