"""Code lists: ICD-10, services, medicines, places, observations; reference books with editions; legal terms."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.classifiers import book_routes, routes
from ops_app.permissions import Permission

router = APIRouter()
router.routes.extend((*routes.router.routes, *book_routes.router.routes))

MODULE = Module(
    "classifiers",
    router=router,
    nav=(
        NavItem(
            N_("Reference books"),
            "classifiers:books",
            Permission.CLASSIFIERS_BOOK_MANAGE,
            group="administration",
            order=17,
        ),
        NavItem(
            N_("State register"),
            "classifiers:state_register",
            Permission.VISITS_RECORD_READ,
            group="patients",
            order=86,
        ),
    ),
    actions={
        "classifiers:add_book": N_("Entered a reference book"),
        "classifiers:change_book": N_("Corrected a reference book"),
        "classifiers:load_edition": N_("Loaded an edition of a reference book"),
    },
)
