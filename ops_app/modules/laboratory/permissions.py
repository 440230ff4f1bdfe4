"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

CardReader = Annotated[PatientAccess, opens_patient(Permission.PATIENTS_CARD_READ)]
TestOrderer = Annotated[PatientAccess, opens_patient(Permission.LABORATORY_ORDER_WRITE)]
TestRegistrar = Annotated[PatientAccess, opens_patient(Permission.LABORATORY_WORK_DO)]
MaterialTaker = Annotated[Actor, allowed(Permission.LABORATORY_SPECIMEN_COLLECT)]
LaboratoryWorker = Annotated[Actor, allowed(Permission.LABORATORY_WORK_DO)]
ResultEnterer = Annotated[Actor, allowed(Permission.LABORATORY_RESULT_ENTER)]
ResultConfirmer = Annotated[Actor, allowed(Permission.LABORATORY_RESULT_CONFIRM)]
ReportMatcher = Annotated[Actor, allowed(Permission.LABORATORY_REPORT_MATCH)]
CatalogueKeeper = Annotated[Actor, allowed(Permission.LABORATORY_CATALOGUE_MANAGE)]
TaskAnswerer = Annotated[Actor, allowed(Permission.WORKLIST_TASK_ANSWER)]
BloodReader = Annotated[PatientAccess, opens_patient(Permission.LABORATORY_SPECIMEN_COLLECT)]
GroupDeterminer = Annotated[PatientAccess, opens_patient(Permission.LABORATORY_BLOOD_DETERMINE)]
Transfuser = Annotated[PatientAccess, opens_patient(Permission.LABORATORY_TRANSFUSION_WRITE)]
ReactionConcluder = Annotated[PatientAccess, opens_patient(Permission.LABORATORY_REACTION_CONCLUDE)]
