"""Registers: pregnancy, dispensary observation, and the steps planned on them."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.episodes import programme_routes, routes
from ops_app.modules.episodes.journals import JOURNALS
from ops_app.modules.episodes.tasks import TASKS

router = APIRouter()
router.routes.extend((*routes.router.routes, *programme_routes.router.routes))

MODULE = Module(
    "episodes",
    router=router,
    journals=JOURNALS,
    tasks=TASKS,
    actions={
        "episodes:of_patient": N_("Opened register cards"),
        "episodes:pregnancy": N_("Opened the pregnancy form"),
        "episodes:register_pregnancy": N_("Opened a pregnancy card"),
        "episodes:dispensary": N_("Opened the D-register form"),
        "episodes:open_dispensary": N_("Opened a D-register card"),
        "episodes:close": N_("Opened the form that ends a card"),
        "episodes:enter_outcome": N_("Entered the outcome of a pregnancy"),
        "episodes:close_card": N_("Closed a register card"),
        "episodes:programmes": N_("Opened the programmes of a person"),
        "episodes:exclude_step": N_("Took a person off a list"),
        "episodes:restore_step": N_("Put a person back on a list"),
    },
)
