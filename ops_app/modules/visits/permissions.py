"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

VisitReader = Annotated[Actor, allowed(Permission.VISITS_RECORD_READ)]
VisitWriter = Annotated[Actor, allowed(Permission.VISITS_VITALS_WRITE)]
PatientVisitWriter = Annotated[PatientAccess, opens_patient(Permission.VISITS_VITALS_WRITE)]
"""The narrower permission: what a mid-level worker may not write is refused by the service."""
