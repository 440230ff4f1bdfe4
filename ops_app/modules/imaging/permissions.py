"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.modules.fhir.permissions import FhirRule
from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

ImagesReader = Annotated[PatientAccess, opens_patient(Permission.IMAGING_STUDY_READ)]
StudyReader = Annotated[Actor, allowed(Permission.IMAGING_STUDY_READ)]
StudyWriter = Annotated[Actor, allowed(Permission.IMAGING_STUDY_WRITE)]
StudyReconciler = Annotated[Actor, allowed(Permission.IMAGING_STUDY_RECONCILE)]
DeviceKeeper = Annotated[Actor, allowed(Permission.DEVICES_DEVICE_MANAGE)]

# DICOMweb is asked by programs: a bearer token or the session of the screens, never a page to sign in.
WebReader = Annotated[Actor, Depends(FhirRule(Permission.IMAGING_STUDY_READ), scope="function")]
WebWriter = Annotated[Actor, Depends(FhirRule(Permission.IMAGING_STUDY_WRITE), scope="function")]
