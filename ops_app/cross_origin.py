"""Which pages of other origins may read answers of this app in a browser: those of the viewer that is set."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = ("/dicomweb/", "/.well-known/openid-configuration", "/oidc/token", "/oidc/userinfo", "/oidc/jwks.json")
"""DICOMweb, and what a program in a browser asks to get and show its token."""


class CrossOrigin:
    """CORS for one origin and these addresses; without cookies, so a page there can do nothing but by its token."""

    def __init__(self, app: ASGIApp, origin: str):
        self.app = app
        self.opened = CORSMiddleware(
            app,
            allow_origins=(origin,),
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization",),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(OPEN):
            await self.opened(scope, receive, send)
        else:
            await self.app(scope, receive, send)
