"""Forms and scales: filled in for a patient, templates of a user, definitions of the administrator."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.questionnaires import keeping_routes, routes
from ops_app.permissions import Permission

router = APIRouter()
router.routes.extend((*routes.router.routes, *keeping_routes.router.routes))

MODULE = Module(
    "questionnaires",
    router=router,
    nav=(
        NavItem(
            N_("Templates of forms"),
            "questionnaires:templates",
            Permission.QUESTIONNAIRES_TEMPLATE_KEEP,
            group="patients",
            order=80,
        ),
        NavItem(
            N_("Forms and scales"),
            "questionnaires:definitions",
            Permission.QUESTIONNAIRES_DEFINITION_MANAGE,
            group="administration",
            order=60,
        ),
    ),
    actions={
        "questionnaires:of_patient": N_("Opened the list of forms"),
        "questionnaires:start": N_("Began a form"),
        "questionnaires:trend": N_("Opened the scores of a scale"),
        "questionnaires:response": N_("Opened a form"),
        "questionnaires:edit": N_("Opened a form to fill it in"),
        "questionnaires:save_draft": N_("Saved a draft of a form"),
        "questionnaires:complete": N_("Completed a form"),
        "questionnaires:discard": N_("Discarded a draft of a form"),
        "questionnaires:mark_in_error": N_("Marked a form as an error"),
        "questionnaires:print": N_("Printed a form"),
        "questionnaires:response_fhir": N_("Exported a form"),
        "questionnaires:attach": N_("Attached a file"),
        "questionnaires:file": N_("Opened a file"),
        "questionnaires:remove_file": N_("Removed a file"),
        "questionnaires:create_template": N_("Saved a template"),
        "questionnaires:change_template": N_("Saved a template"),
        "questionnaires:remove_template": N_("Removed a template"),
        "questionnaires:store_definition": N_("Stored a version of a form"),
        "questionnaires:store_version": N_("Stored a version of a form"),
        "questionnaires:switch": N_("Switched a form on or off"),
    },
)
