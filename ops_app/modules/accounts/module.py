"""Sign-in for everybody, user administration for those who may."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.accounts import routes, users
from ops_app.modules.accounts.titles import ACTIONS
from ops_app.permissions import Permission

router = APIRouter()
router.routes.extend((*routes.router.routes, *users.router.routes))

MODULE = Module(
    "accounts",
    router=router,
    nav=(NavItem(N_("Users"), "accounts:users", Permission.ACCOUNTS_USER_MANAGE, group="administration", order=10),),
    actions=ACTIONS,
)
