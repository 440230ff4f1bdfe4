"""Signing in and out, one's own password, sessions and language."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from ops_app import i18n
from ops_app.auth import Anybody, Probe, SignedIn, SignedInBeforePasswordChange, cookie_name, csrf_token, set_cookie
from ops_app.db import Db
from ops_app.errors import BadRequest, Forbidden, OpsError
from ops_app.i18n import _
from ops_app.kit import request_context
from ops_app.kit.form_fields import PostedForm, blank
from ops_app.kit.htmx import see_other
from ops_app.modules.accounts import queries, second_factor, service
from ops_app.modules.accounts.forms import CodeForm, PasswordForm, SignInForm
from ops_app.modules.accounts.models import Account
from ops_app.ui.render import page, redirect

router = APIRouter()

YEAR = 365 * 24 * 3600


@router.get("/health", name="accounts:health")
def health(_probe: Probe) -> Response:
    return JSONResponse({"status": "ok"})


@router.get("/waiting", name="accounts:waiting")
def waiting(request: Request, actor: SignedIn, db: Db) -> Response:
    """Counts for the navigation, asked after the page is there so that no page waits for them."""
    items = [item for module in request.app.state.modules for item in module.items]
    counts = {item.route: item.waiting(db, actor) for item in items if item.waiting and actor.may(item.permission)}
    return JSONResponse(counts)


@router.get("/account/session", name="accounts:session")
def session_lives(request: Request, actor: SignedInBeforePasswordChange) -> Response:
    """Whose session this browser has and its token: an open form asks before it sends what somebody typed."""
    return JSONResponse({"account": actor.account_id, "csrf": csrf_token(request)})


@router.get("/sign-in", name="accounts:sign_in")
def sign_in_page(request: Request, actor: Anybody, next: str = "/") -> Response:
    if actor is not None:
        return see_other(request, local_target(next))
    return page(request, "accounts/sign_in.html", form=blank(), next=local_target(next))


@router.post("/sign-in", name="accounts:sign_in_post")
def sign_in(request: Request, _actor: Anybody, db: Db, posted: PostedForm) -> Response:
    target = local_target(posted.get("next") or "/")
    form = posted.check(SignInForm)
    status = 422
    if form.value is not None:
        status = 401
        try:
            found = service.sign_in(db, form.value.login, form.value.password, request.headers.get("user-agent"))
        except Forbidden as locked:
            form.errors[""] = f"{locked.message}. {locked.advice}"
            status = 403
        else:
            if found is not None and found.awaits_code:
                step = str(request.app.url_path_for("accounts:code"))
                response = see_other(request, f"{step}?next={quote(target, safe='')}")
                set_cookie(request, response, "awaiting", found.token, max_age=300)
                return response
            if found is not None:
                return enter(request, found.account, found.token, target)
            form.errors[""] = _("Login or password is not right")
    form.raw.pop("password", None)
    return page(request, "accounts/sign_in.html", form=form, next=target, status_code=status)


@router.get("/sign-in/code", name="accounts:code")
def code_page(request: Request, _actor: Anybody, db: Db, next: str = "/") -> Response:
    """The second step of signing in."""
    second_factor.awaiting(db, request.cookies.get(cookie_name("awaiting"), ""))
    return page(request, "accounts/code.html", form=blank(), next=local_target(next))


@router.post("/sign-in/code", name="accounts:code_post")
def code(request: Request, _actor: Anybody, db: Db, posted: PostedForm) -> Response:
    target = local_target(posted.get("next") or "/")
    form = posted.check(CodeForm)
    token = request.cookies.get(cookie_name("awaiting"), "")
    status = 422
    if form.value is not None:
        status = 401
        try:
            found = second_factor.finish_sign_in(db, token, form.value.code, request.headers.get("user-agent"))
        except Forbidden as locked:
            form.errors[""] = f"{locked.message}. {locked.advice}"
            status = 403
        else:
            if found is not None:
                response = enter(request, *found, target)
                response.delete_cookie(cookie_name("awaiting"), path="/")
                return response
            form.errors["code"] = _("The code is not right")
    form.raw = {}
    return page(request, "accounts/code.html", form=form, next=target, status_code=status)


def enter(request: Request, account: Account, token: str, target: str) -> Response:
    """Hand over the cookies of a new session; a newcomer goes on in the language of the page he signed in on."""
    if account.must_change_password:
        account.language = i18n.language()
    response = see_other(request, target)
    set_cookie(request, response, "session", token)
    set_cookie(request, response, "language", account.language, max_age=YEAR)
    return response


@router.post("/sign-out", name="accounts:sign_out")
def sign_out(request: Request, actor: SignedInBeforePasswordChange, db: Db) -> Response:
    service.revoke_session(db, actor, actor.session_id)
    response = redirect(request, str(request.app.url_path_for("accounts:sign_in")), _("You have signed out"), "info")
    response.delete_cookie(cookie_name("session"), path="/")
    return response


@router.get("/account/password", name="accounts:password")
def password_page(request: Request, actor: SignedInBeforePasswordChange) -> Response:
    return page(request, "accounts/password.html", form=blank())


@router.post("/account/password", name="accounts:password_post")
def change_password(request: Request, actor: SignedInBeforePasswordChange, db: Db, posted: PostedForm) -> Response:
    form = posted.check(PasswordForm)
    if form.value is not None:
        try:
            service.change_password(
                db, actor, form.value.old_password, form.value.new_password, form.value.new_password_again
            )
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, "/", _("The password is changed"))
    form.raw = {}
    return page(request, "accounts/password.html", form=form, status_code=422)


@router.get("/account/sessions", name="accounts:sessions")
def sessions(request: Request, actor: SignedIn, db: Db) -> Response:
    return page(request, "accounts/sessions.html", sessions=queries.own_sessions(db, actor.account_id))


@router.post("/account/sessions/{session_id}/end", name="accounts:end_session")
def end_session(request: Request, session_id: int, actor: SignedIn, db: Db) -> Response:
    service.revoke_session(db, actor, session_id)
    return redirect(request, str(request.app.url_path_for("accounts:sessions")), _("The session is ended"))


@router.post("/language/{code}", name="accounts:language")
def choose_language(request: Request, code: str, actor: Anybody, db: Db, posted: PostedForm) -> Response:
    if code not in i18n.LANGUAGES:
        raise BadRequest()
    if actor is not None:
        service.choose_language(db, actor, code)
    request_context.current().language = code
    response = see_other(request, local_target(posted.get("next") or "/"))
    set_cookie(request, response, "language", code, max_age=YEAR)
    return response


def local_target(url: str) -> str:
    """The address if it is one of ours, else the start page: sign-in must not send people elsewhere."""
    parts = urlsplit(url)
    is_ours = not parts.scheme and not parts.netloc and url.startswith("/") and not url.startswith(("//", "/\\"))
    return url if is_ours and "\\" not in url and url.isprintable() else "/"
