"""The laboratory, from the order to the signed result."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.laboratory import (
    blood_routes,
    document_routes,
    entry_routes,
    material_routes,
    patient_routes,
    reaction_routes,
    released,
    report_routes,
    routes,
    setup_routes,
)
from ops_app.modules.laboratory.journals import JOURNALS
from ops_app.modules.laboratory.navigation import waiting_reports, waiting_tests, waiting_tubes
from ops_app.modules.laboratory.task_kinds import ABNORMAL_NOTICE, CRITICAL_NOTICE, TASK_KINDS
from ops_app.modules.laboratory.titles import ACTIONS
from ops_app.permissions import Permission

router = APIRouter()
for part in (
    routes,
    material_routes,
    report_routes,
    patient_routes,
    blood_routes,
    reaction_routes,
    setup_routes,
    document_routes,
    entry_routes,
    released,
):
    router.routes.extend(part.router.routes)

MODULE = Module(
    "laboratory",
    router=router,
    nav=(
        NavItem(
            N_("Laboratory"), "laboratory:bench", Permission.LABORATORY_WORK_DO, "day", order=30, waiting=waiting_tests
        ),
        NavItem(
            N_("Unmatched reports"),
            "laboratory:unmatched",
            Permission.LABORATORY_REPORT_MATCH,
            "day",
            order=31,
            waiting=waiting_reports,
        ),
        NavItem(
            N_("Send material"),
            "laboratory:sending",
            Permission.LABORATORY_SPECIMEN_COLLECT,
            "day",
            order=32,
            waiting=waiting_tubes,
        ),
        NavItem(
            N_("Laboratory catalogue"),
            "laboratory:catalogue",
            Permission.LABORATORY_CATALOGUE_MANAGE,
            "administration",
            order=60,
            of_own_place=True,
        ),
    ),
    journals=JOURNALS,
    task_kinds=TASK_KINDS,
    notices=(CRITICAL_NOTICE, ABNORMAL_NOTICE),
    actions=ACTIONS,
)
