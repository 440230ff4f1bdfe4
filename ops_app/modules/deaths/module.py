"""Deaths: registering, listing, reviewing."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.deaths.journals import JOURNALS
from ops_app.modules.deaths.routes import router

MODULE = Module(
    "deaths",
    router=router,
    journals=JOURNALS,
    actions={
        "deaths:form": N_("Opened the death form"),
        "deaths:register": N_("Registered a death"),
        "deaths:death": N_("Opened a death record"),
        "deaths:mark_in_error": N_("Marked a death record as an error"),
        "deaths:review": N_("Recorded the review of a death"),
    },
)
