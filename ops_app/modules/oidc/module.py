"""Discovery, authorization code with PKCE, tokens and scope for the dashboards."""

from __future__ import annotations

from ops_app.module import Module
from ops_app.modules.oidc.routes import router

MODULE = Module("oidc", router=router)
