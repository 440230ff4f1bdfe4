"""The operational app, put together: ``create_app()`` for tests, ``served_app()`` for a server."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import secrets
import signal
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess

from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders, URLPath
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ops_app import errors, i18n, registry
from ops_app.auth import cookie_name
from ops_app.cross_origin import CrossOrigin
from ops_app.db import make_engine
from ops_app.kit import request_context
from ops_app.kit.request_context import RequestContext
from ops_app.modules.security import watch
from ops_app.ui.render import STATIC, environment, first_script_source
from saulyq.settings import settings

log = logging.getLogger(__name__)


class App(FastAPI):
    """The app, which finds the address of a page by its name at once: a page asks for dozens among hundreds."""

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """The path of the named route; names are unique (``registry.refuse_bad_routes``)."""
        route = registry.routes_by_name().get(name)
        return route.url_path_for(name, **path_params) if route else super().url_path_for(name, **path_params)


GARBAGE_AFTER = 20_000
"""Objects made and not yet gone before the youngest are searched for garbage; a card leaves two thousand."""


def served_app() -> FastAPI:
    """The app of a server's process, which does nothing else."""
    app = create_app()
    # what is loaded now stays for ever; to look through it again and again cost a tenth of a page
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
    return app


def create_app(engine: Engine | None = None) -> FastAPI:
    """Build the app; refuses to be built wrongly."""
    app = App(title="Saulyq", version="0.1.0", docs_url=None, redoc_url=None, lifespan=background)
    app.state.modules = registry.modules()
    app.state.engine = engine or make_engine(settings().database_url("app"))
    # Routes stand in app.routes themselves, so that tests can walk all of them.
    app.router.routes.extend(registry.all_routes())
    # Only files that are the same for everybody: a compressed page would tell its CSRF token by its length (BREACH).
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC), minimum_size=1_000), name="static")
    errors.install(app)
    if origin := settings().viewer_origin:
        app.add_middleware(CrossOrigin, origin=origin)
    app.add_middleware(Frame)
    for language in i18n.LANGUAGES:
        i18n.translations(language)
    environment()
    return app


@asynccontextmanager
async def background(app: FastAPI) -> AsyncIterator[None]:
    """Beside the requests: the sealing of the audit journal and the check of the installed files."""
    stop = threading.Event()
    work = threading.Thread(target=watch.run, args=(app.state.engine, settings(), stop), daemon=True)
    work.start()
    if (above := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_after, args=(above,), daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        await run_in_threadpool(work.join, 10)


def _end_after(above: BaseProcess) -> None:
    """A worker of the server ends when the server was killed: it would hold the port that the next one needs."""
    above.join()
    os.kill(os.getpid(), signal.SIGTERM)


class Frame:
    """Around every request: its number, language, visitor cookie and security headers."""

    def __init__(self, app: ASGIApp):
        self.app = app
        clients = f"{settings().page_url(settings().dashboards_port)} {settings().viewer_origin or ''}".strip()
        self.headers = {
            # Who signs in here from elsewhere: browsers check redirects after a posted sign-in form too.
            "Content-Security-Policy": (
                f"default-src 'self'; script-src 'self' {first_script_source()}; img-src 'self' data:; "
                # NCALayer listens on the user's own machine
                f"connect-src 'self' {settings().ncalayer_url.rstrip('/')}; "
                "object-src 'none'; base-uri 'none'; "
                f"frame-ancestors 'none'; form-action 'self' {clients}"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        context = RequestContext(
            request_id=uuid.uuid4().hex[:12],
            ip=request.client.host if request.client else None,
            language=i18n.preferred_language(
                request.cookies.get(cookie_name("language")), request.headers.get("accept-language")
            ),
        )
        request_context.enter(context)
        known_visitor = request.cookies.get(cookie_name("visitor"))
        request.state.visitor = known_visitor or secrets.token_urlsafe(16)

        started = False

        async def send_framed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._complete(request, context, MutableHeaders(scope=message), new_visitor=known_visitor is None)
            await send(message)

        try:
            await self.app(scope, receive, send_framed)
        except Exception as error:
            if started:
                raise
            # Caught here and not by the outermost layer, so that this page has the headers too.
            answer = await run_in_threadpool(errors.unexpected, request, error)
            await answer(scope, receive, send_framed)

    def _complete(
        self, request: Request, context: RequestContext, headers: MutableHeaders, *, new_visitor: bool
    ) -> None:
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        headers["X-Request-Id"] = context.request_id
        if request.url.path.startswith("/static/"):
            # Only an address with the checksum names one content for ever; modules import each other without it.
            lasting = "v" in request.query_params
            headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
            return
        # A shared computer's back button must not show the last user's patients.
        headers.setdefault("Cache-Control", "no-store")
        is_page = headers.get("content-type", "").startswith("text/html")
        if is_page:
            headers["Content-Language"] = context.language
            headers.append("Vary", "Cookie, Accept-Language")
        if is_page and new_visitor:
            secure = "; Secure" if request.url.scheme == "https" else ""
            headers.append(
                "Set-Cookie",
                f"{cookie_name('visitor')}={request.state.visitor}; Path=/; HttpOnly; SameSite=lax{secure}",
            )
