"""Discovery, authorization code with PKCE, tokens and scope for the dashboards."""

from __future__ import annotations

from ops_app.module import Module

MODULE = Module("oidc")
