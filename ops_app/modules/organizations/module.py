"""Facilities, their structure and staff."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.organizations import place_routes, routes, staff_routes
from ops_app.modules.organizations.journals import JOURNALS
from ops_app.permissions import Permission

router = APIRouter()
for part in (routes, staff_routes, place_routes):
    router.routes.extend(part.router.routes)

_KEEPER = Permission.ORGANIZATIONS_TREE_MANAGE

MODULE = Module(
    "organizations",
    router=router,
    nav=(
        NavItem(N_("Facilities"), "organizations:tree", _KEEPER, group="administration", order=13),
        NavItem(N_("Staff"), "organizations:journal_staff", _KEEPER, group="administration", order=14),
    ),
    journals=JOURNALS,
    actions={
        "organizations:add": N_("Added a place"),
        "organizations:change": N_("Changed a place"),
        "organizations:close": N_("Closed a place"),
        "organizations:add_location": N_("Added a room"),
        "organizations:change_staff": N_("Changed an employee"),
        "organizations:add_position": N_("Gave an employee a position"),
        "organizations:end_position": N_("Ended a position of an employee"),
    },
)
