"""Endpoints of OpenID Connect: discovery, authorization, token, userinfo, introspection, sign-out."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc6749.authenticate_client import ClientAuthentication
from fastapi import APIRouter, Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from starlette.responses import JSONResponse, RedirectResponse, Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.auth import Machine, Probe, SignedIn, cookie_name
from ops_app.db import Db
from ops_app.errors import BadRequest, Forbidden
from ops_app.i18n import _
from ops_app.modules.accounts import service as accounts
from ops_app.modules.oidc import claims, queries
from ops_app.modules.oidc.client import SCOPES, client_by_id, clients, issuer
from ops_app.modules.oidc.keys import public_keys, signing_key
from ops_app.modules.oidc.provider import Call, Provider, ProviderRequest, make_provider

router = APIRouter()


@lru_cache(maxsize=1)
def provider() -> Provider:
    return make_provider()


async def machine_call(request: Request, db: Db) -> Call:
    """A POST of a program: its form and its credentials."""
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    return Call(db, "POST", request.url.path, form=form, authorization=request.headers.get("authorization"))


MachineCall = Annotated[Call, Depends(machine_call, scope="function")]


@router.get("/.well-known/openid-configuration", name="oidc:discovery")
def discovery(_probe: Probe) -> Response:
    base = issuer()
    return JSONResponse(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oidc/authorize",
            "token_endpoint": f"{base}/oidc/token",
            "userinfo_endpoint": f"{base}/oidc/userinfo",
            "introspection_endpoint": f"{base}/oidc/introspect",
            "end_session_endpoint": f"{base}/oidc/end-session",
            "jwks_uri": f"{base}/oidc/jwks.json",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["sub", "name", "preferred_username", "locale", "sid", "roles", "organization_ids"],
        }
    )


@router.get("/oidc/jwks.json", name="oidc:jwks")
def jwks(_probe: Probe) -> Response:
    return JSONResponse(public_keys())


@router.get("/oidc/authorize", name="oidc:authorize")
def authorize(request: Request, actor: SignedIn, db: Db) -> Response:
    """Give a client a code, if the person may use what stands behind it."""
    call = Call(db, "GET", request.url.path, query=dict(request.query_params))
    own = ProviderRequest(call)
    try:
        grant = provider().get_authorization_grant(own)
        redirect_uri = own.payload.redirect_uri
        if redirect_uri is None:
            raise BadRequest(_("A program asked for a sign-in in a way this system does not know"))
    except OAuth2Error as refused:
        raise _refused(refused) from None
    client = client_by_id(own.payload.client_id)
    if client is None or not client.check_redirect_uri(redirect_uri):
        # Never redirect to an address we do not know: the page stays here.
        raise _refused(None)
    if not actor.may(client.permission):
        raise Forbidden(
            advice=_(
                "If your work needs it, ask the administrator of your organisation for the permission “%(name)s”.",
                name=str(client.permission),
            )
        )
    response: Response = provider().create_authorization_response(own, grant_user=actor, grant=grant)
    audit.security(db, actor.login, "oidc:authorized", account_id=actor.account_id, client=client.client_id)
    return response


def _refused(error: OAuth2Error | None) -> BadRequest:
    detail = f" ({error.error})" if error is not None and error.error else ""
    return BadRequest(_("A program asked for a sign-in in a way this system does not know") + detail)


@router.post("/oidc/token", name="oidc:token")
def token(_machine: Machine, call: MachineCall) -> Response:
    response: Response = provider().create_token_response(call)
    return response


@router.get("/oidc/userinfo", name="oidc:userinfo")
def userinfo(request: Request, _machine: Machine, db: Db) -> Response:
    kind, _space, value = request.headers.get("authorization", "").partition(" ")
    actor = queries.actor_of_token(db, value.strip()) if kind.lower() == "bearer" and value else None
    if actor is None:
        return JSONResponse(
            {"error": "invalid_token"}, status_code=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
        )
    return JSONResponse(claims.authority(actor) | claims.releasing(db, actor))


@router.post("/oidc/introspect", name="oidc:introspect")
def introspect(_machine: Machine, call: MachineCall) -> Response:
    own = ProviderRequest(call)
    try:
        ClientAuthentication(client_by_id)(own, ["client_secret_basic", "client_secret_post"], "introspection")
    except OAuth2Error as refused:
        return JSONResponse({"error": refused.error}, status_code=401)
    actor: Actor | None = None
    if "token" in call.form:
        actor = queries.actor_of_token(call.db, call.form["token"])
    elif "sid" in call.form:
        actor = queries.actor_of_sid(call.db, call.form["sid"])
    if actor is None:
        return JSONResponse({"active": False})
    return JSONResponse({"active": True} | claims.authority(actor) | claims.releasing(call.db, actor))


@router.get("/oidc/end-session", name="oidc:end_session")
def end_session(
    request: Request, _machine: Machine, db: Db, id_token_hint: str = "", post_logout_redirect_uri: str = ""
) -> Response:
    """Sign-out from the dashboards; the ID token proves that the dashboards of this user ask."""
    actor = _actor_of_hint(db, id_token_hint)
    if actor is not None:
        accounts.revoke_session(db, actor, actor.session_id)
    homes = [client.address for client in clients().values()]
    ours = any(post_logout_redirect_uri == home or post_logout_redirect_uri.startswith(f"{home}/") for home in homes)
    target = post_logout_redirect_uri if ours else str(request.app.url_path_for("accounts:sign_in"))
    response = RedirectResponse(target, status_code=303)
    if actor is not None:
        response.delete_cookie(cookie_name("session"), path="/")
    return response


def _actor_of_hint(db: Db, id_token: str) -> Actor | None:
    try:
        hint = jwt.decode(id_token, signing_key(), algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        return None
    return queries.actor_of_sid(db, str(hint.get("sid", "")))
