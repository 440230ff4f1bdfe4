"""Who is asking, and whether the route lets him: the access rules that stand in route signatures.

A module's ``permissions.py`` names the rules it uses, a route takes one as a parameter::

    PatientRegistrar = Annotated[Actor, allowed(Permission.PATIENTS_IDENTITY_WRITE)]

    @router.post("/patients", name="patients:register")
    def register(request: Request, actor: PatientRegistrar, db: Db, posted: PostedForm) -> Response: ...

The registry refuses a route without a rule. Each rule also checks the CSRF token of a POST.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, params
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db, open_session
from ops_app.errors import BadRequest, Forbidden, NotSignedIn, Redirected
from ops_app.i18n import _
from ops_app.kit import clock, request_context
from ops_app.kit.htmx import is_htmx, wants_html
from ops_app.mechanisms.closed_topics.veil import draw
from ops_app.modules.access.queries import veil_for
from ops_app.modules.accounts import conditions, queries
from ops_app.modules.personal_data.mask import mask_blocked
from ops_app.permissions import Permission
from saulyq.secrets import secret
from saulyq.settings import settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
TOUCH_EVERY = dt.timedelta(minutes=1)


def cookie_name(what: str) -> str:
    """Cookies know no ports: two installations on one host need different names."""
    return f"saulyq_{settings().port_base}_{what}"


def token_hash(token: str) -> bytes:
    """What the database keeps of a random token."""
    return hashlib.sha256(token.encode()).digest()


def csrf_token(request: Request) -> str:
    """The token a form must send back: bound to the session, or to the visitor before sign-in."""
    bearer = request.cookies.get(cookie_name("session")) or request.state.visitor
    key = secret(settings().secrets_dir, "csrf_key")
    return hmac.new(key.encode(), str(bearer).encode(), hashlib.sha256).hexdigest()


def set_cookie(request: Request, response: Response, what: str, value: str, max_age: int | None = None) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        cookie_name(what),
        value,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def current_actor(request: Request, db: Db) -> Actor | None:
    """The signed-in actor, or None."""
    token = request.cookies.get(cookie_name("session"))
    request.state.actor = None
    if not token:
        return None
    found = queries.live_session(db, token_hash(token))
    if found is None:
        return None
    session_row, account = found
    # Once a minute is enough to know who is idle, and keeps reading pages from writing.
    if clock.now() - session_row.last_seen_at > TOUCH_EVERY:
        session_row.last_seen_at = clock.now()
    if conditions.closed_because(db, account.id, account.kind) is not None:
        return None
    actor = queries.actor_of(db, account, session_row.id, session_row.place_id)
    draw(db, veil_for(db, actor))
    mask_blocked(db, actor)
    request.state.actor = actor
    return actor


def actor_of_request(request: Request) -> Actor | None:
    """The signed-in actor of a request that reached no route."""
    if cookie_name("session") not in request.cookies:
        return None
    with open_session(request.app.state.engine) as session:
        return current_actor(request, session)


MaybeActor = Annotated[Actor | None, Depends(current_actor, scope="function")]


@dataclass(frozen=True, eq=False)
class AccessRule:
    """What a route asks of whoever calls it."""

    permission: Permission | None = None
    """None: being signed in is enough."""
    before_password_change: bool = False
    """Open also to an account that must change its password first."""

    async def __call__(self, request: Request, actor: MaybeActor) -> Actor:
        """Return the actor or refuse."""
        _enter(request)
        if actor is None:
            raise _stranger(request)
        await check_csrf(request)
        if actor.must_change_password and not self.before_password_change:
            if wants_html(request):
                raise Redirected(str(request.app.url_path_for("accounts:password")))
            raise Forbidden(_("Change your password first"))
        if actor.must_add_second_factor and not self.before_password_change:
            if wants_html(request):
                raise Redirected(str(request.app.url_path_for("accounts:second_factor")))
            raise Forbidden(_("Your role asks for a second factor: add it first"))
        if actor.is_service:
            # Support staff leave a trace with every request, not only where they read persons.
            about = {"method": request.method, "path": request.url.path}
            audit.security(
                request.state.db, actor.login, "accounts:service_request", account_id=actor.account_id, **about
            )
        if self.permission is not None and not actor.may(self.permission):
            raise Forbidden(
                advice=_(
                    "If your work needs it, ask the administrator of your organisation for the permission “%(name)s”.",
                    name=_(self.permission.meaning),
                )
            )
        return actor


@dataclass(frozen=True, eq=False)
class OpenRule:
    """A route for strangers too; the actor is there when signed in."""

    async def __call__(self, request: Request, actor: MaybeActor) -> Actor | None:
        """Let everybody in."""
        _enter(request)
        await check_csrf(request)
        return actor


@dataclass(frozen=True, eq=False)
class ProbeRule:
    """A route that touches no data and needs no session: health, discovery documents."""

    async def __call__(self, request: Request) -> None:
        """Let everybody in."""
        _enter(request)


@dataclass(frozen=True, eq=False)
class MachineRule:
    """A route where a program shows its own credentials, which the route checks; no cookie counts."""

    async def __call__(self, request: Request) -> None:
        """Leave the decision to the route."""
        _enter(request)


Rule = AccessRule | OpenRule | ProbeRule | MachineRule


def allowed(permission: Permission) -> Any:
    """The rule of a permission, for ``Annotated[Actor, allowed(...)]``."""
    return Depends(AccessRule(permission), scope="function")


SignedIn = Annotated[Actor, Depends(AccessRule(), scope="function")]
SignedInBeforePasswordChange = Annotated[Actor, Depends(AccessRule(before_password_change=True), scope="function")]
Anybody = Annotated[Actor | None, Depends(OpenRule(), scope="function")]
Probe = Annotated[None, Depends(ProbeRule(), scope="function")]
Machine = Annotated[None, Depends(MachineRule(), scope="function")]


def rule_in(dependency: params.Depends) -> Rule | None:
    """The access rule a parameter carries, if it is one; rules may wrap another (``.access``)."""
    call = dependency.dependency
    found = getattr(call, "access", call)
    return found if isinstance(found, AccessRule | OpenRule | ProbeRule | MachineRule) else None


async def check_csrf(request: Request) -> None:
    """Refuse a write that did not come from a page of ours."""
    # a browser adds cookies by itself, but never a token
    if request.method in SAFE_METHODS or getattr(request.state, "by_token", False):
        return
    sent = request.headers.get("X-CSRF-Token")
    if sent is None and "form" in request.headers.get("content-type", ""):
        form_value = (await request.form()).get("csrf_token")
        sent = form_value if isinstance(form_value, str) else None
    if sent is None or not hmac.compare_digest(sent, csrf_token(request)):
        raise BadRequest(
            _("The form was open for too long or came from another site"),
            advice=_("Go back, keep a copy of what you entered, reload the page and send it again."),
        )


def _enter(request: Request) -> None:
    route = request.scope.get("route")
    request_context.current().action = getattr(route, "name", "") or request.url.path


def _stranger(request: Request) -> Exception:
    if request.method == "GET" and wants_html(request) and not is_htmx(request):
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        sign_in = str(request.app.url_path_for("accounts:sign_in"))
        return Redirected(sign_in if target == "/" else f"{sign_in}?next={quote(target, safe='')}")
    return NotSignedIn()
