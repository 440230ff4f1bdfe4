"""Dated facts of a person outside care; they are shown on the person's page of the patients module."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.person_facts.journals import JOURNALS
from ops_app.modules.person_facts.routes import router

MODULE = Module(
    "person_facts",
    router=router,
    journals=JOURNALS,
    actions={
        "person_facts:new": N_("Opened the form of a fact about a person"),
        "person_facts:add": N_("Added a fact about a person"),
        "person_facts:row": N_("Opened a fact about a person"),
        "person_facts:change": N_("Changed a fact about a person"),
        "person_facts:close": N_("Ended a fact about a person"),
        "person_facts:mark_in_error": N_("Marked a fact about a person as an error"),
    },
)
