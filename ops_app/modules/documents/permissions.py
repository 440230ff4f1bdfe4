"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

DocumentsReader = Annotated[PatientAccess, opens_patient(Permission.DOCUMENTS_RECORD_READ)]
DocumentReader = Annotated[Actor, allowed(Permission.DOCUMENTS_RECORD_READ)]
DocumentWriter = Annotated[Actor, allowed(Permission.DOCUMENTS_RECORD_WRITE)]
DocumentSigner = Annotated[Actor, allowed(Permission.DOCUMENTS_RECORD_SIGN)]
DocumentAnnuller = Annotated[Actor, allowed(Permission.DOCUMENTS_RECORD_ANNUL)]
