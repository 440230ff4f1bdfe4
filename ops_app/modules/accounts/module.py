"""Sign-in for everybody, user administration for those who may."""

from __future__ import annotations

from fastapi import APIRouter

from ops_app.module import Module
from ops_app.modules.accounts import routes

router = APIRouter()
router.routes.extend(routes.router.routes)

MODULE = Module("accounts", router=router)
