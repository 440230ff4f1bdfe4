"""Registers: pregnancy, dispensary observation, and the steps planned on them."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.episodes.routes import router

MODULE = Module(
    "episodes",
    router=router,
    actions={
        "episodes:of_patient": N_("Opened register cards"),
        "episodes:pregnancy": N_("Opened the pregnancy form"),
        "episodes:register_pregnancy": N_("Opened a pregnancy card"),
        "episodes:dispensary": N_("Opened the D-register form"),
        "episodes:open_dispensary": N_("Opened a D-register card"),
        "episodes:close": N_("Opened the form that ends a card"),
        "episodes:enter_outcome": N_("Entered the outcome of a pregnancy"),
        "episodes:close_card": N_("Closed a register card"),
    },
)
