"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

ConsentReader = Annotated[PatientAccess, opens_patient(Permission.PATIENTS_IDENTITY_READ)]
ConsentWriter = Annotated[PatientAccess, opens_patient(Permission.PERSONAL_DATA_CONSENT_WRITE)]
ConsentKeeper = Annotated[Actor, allowed(Permission.PERSONAL_DATA_CONSENT_WRITE)]
FileReader = Annotated[Actor, allowed(Permission.PATIENTS_IDENTITY_READ)]
RequestRegistrar = Annotated[Actor, allowed(Permission.PERSONAL_DATA_REQUEST_REGISTER)]
RequestDecider = Annotated[Actor, allowed(Permission.PERSONAL_DATA_REQUEST_DECIDE)]
DataInspector = Annotated[PatientAccess, opens_patient(Permission.PERSONAL_DATA_REQUEST_DECIDE)]
DestructionApprover = Annotated[Actor, allowed(Permission.PERSONAL_DATA_DESTRUCTION_APPROVE)]
RegisterReader = Annotated[Actor, allowed(Permission.PERSONAL_DATA_REGISTER_READ)]
