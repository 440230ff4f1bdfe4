"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

PersonExporter = Annotated[PatientAccess, opens_patient(Permission.EXPORTS_PERSON_MAKE)]
