"""The page everybody starts with."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.home.routes import router

MODULE = Module("home", router=router, actions={"home:dismiss": N_("Put the news of a release away")})
