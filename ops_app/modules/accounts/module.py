"""Sign-in for everybody, user administration for those who may."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.accounts import (
    change_routes,
    changes,
    groups,
    limits,
    networks,
    places,
    roles,
    routes,
    second_factor_routes,
    users,
)
from ops_app.modules.accounts.titles import ACTIONS
from ops_app.permissions import Permission

router = APIRouter()
for part in (routes, second_factor_routes, places, roles, groups, networks, users, limits, change_routes):
    router.routes.extend(part.router.routes)

MODULE = Module(
    "accounts",
    router=router,
    nav=(
        NavItem(N_("Users"), "accounts:users", Permission.ACCOUNTS_USER_MANAGE, group="administration", order=10),
        NavItem(N_("Roles"), "accounts:roles", Permission.ACCOUNTS_ROLE_MANAGE, group="administration", order=11),
        NavItem(N_("Groups"), "accounts:groups", Permission.ACCOUNTS_GROUP_MANAGE, group="administration", order=11),
        NavItem(
            N_("Trusted networks"),
            "accounts:networks",
            Permission.ACCOUNTS_NETWORK_MANAGE,
            group="administration",
            order=12,
        ),
        NavItem(
            N_("Account changes"),
            "accounts:changes",
            Permission.ACCOUNTS_CHANGE_SIGN,
            group="administration",
            order=15,
            waiting=changes.waiting,
        ),
    ),
    actions=ACTIONS,
)
