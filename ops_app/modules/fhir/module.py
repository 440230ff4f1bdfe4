"""What the module is: routes for programs, no navigation."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.fhir.routes import router

MODULE = Module(
    "fhir",
    router=router,
    actions={
        "fhir:search": N_("Search through the FHIR API"),
        "fhir:read": N_("Read through the FHIR API"),
        "fhir:binary": N_("Opened a file"),
        "fhir:everything": N_("Everything of a person through the FHIR API"),
    },
)
