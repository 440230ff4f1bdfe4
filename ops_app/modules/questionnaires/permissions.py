"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.patient_access import PatientAccess, opens_patient
from ops_app.permissions import Permission

CardReader = Annotated[PatientAccess, opens_patient(Permission.PATIENTS_CARD_READ)]
CardWriter = Annotated[PatientAccess, opens_patient(Permission.QUESTIONNAIRES_RESPONSE_WRITE)]
ResponseReader = Annotated[Actor, allowed(Permission.PATIENTS_CARD_READ)]
ResponseWriter = Annotated[Actor, allowed(Permission.QUESTIONNAIRES_RESPONSE_WRITE)]
DefinitionManager = Annotated[Actor, allowed(Permission.QUESTIONNAIRES_DEFINITION_MANAGE)]
TemplateKeeper = Annotated[Actor, allowed(Permission.QUESTIONNAIRES_TEMPLATE_KEEP)]
