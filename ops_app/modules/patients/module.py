"""The register of people and their cards."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.patients import api, card_routes, merge_routes, person_routes, routes
from ops_app.modules.patients.titles import ACTIONS
from ops_app.permissions import Permission

# Fixed words such as /patients/new before /patients/{patient_id}: the first route that fits answers.
router = APIRouter()
for part in (routes, person_routes, merge_routes, card_routes, api):
    router.routes.extend(part.router.routes)

MODULE = Module(
    "patients",
    router=router,
    nav=(
        NavItem(N_("Patients"), "patients:search", Permission.PATIENTS_IDENTITY_READ, group="patients", order=10),
        NavItem(N_("Linked records"), "patients:merge", Permission.PATIENTS_RECORD_MERGE, group="administration"),
    ),
    actions=ACTIONS,
)
