"""Visits: what happens at a contact with care."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Figure, Module
from ops_app.modules.visits import api, referral_routes, routes
from ops_app.modules.visits.journals import JOURNALS
from ops_app.modules.visits.queries import visits_today
from ops_app.modules.visits.referral_journals import JOURNALS as REFERRAL_JOURNALS
from ops_app.modules.visits.task_kinds import TASK_KINDS
from ops_app.permissions import Permission

router = APIRouter()
router.routes.extend((*routes.router.routes, *referral_routes.router.routes, *api.router.routes))

MODULE = Module(
    "visits",
    router=router,
    figures=(
        Figure(N_("Visits today"), "visits:journal_visits", Permission.VISITS_RECORD_READ, visits_today, order=10),
    ),
    journals=(*JOURNALS, *REFERRAL_JOURNALS),
    task_kinds=TASK_KINDS,
    actions={
        "visits:new": N_("Opened the visit form"),
        "visits:record": N_("Recorded a visit"),
        "visits:api_record": N_("Recorded a visit"),
        "visits:visit": N_("Opened a visit"),
        "visits:api_visit": N_("Opened a visit"),
        "visits:amend": N_("Added to a visit"),
        "visits:api_amend": N_("Added to a visit"),
        "visits:mark_in_error": N_("Marked a visit as an error"),
        "visits:api_mark_in_error": N_("Marked a visit as an error"),
        "visits:error_form": N_("Opened a row of a visit"),
        "visits:referral": N_("Opened a referral"),
        "visits:move_referral": N_("Moved a referral on"),
        "visits:take_back_referral": N_("Took back the newest step of a referral"),
        "visits:mark_row": N_("Marked a row of a visit as an error"),
    },
)
