"""The authorization server, from Authlib's building blocks: one grant, clients of our own, S256 only."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.modules.oidc import claims, queries, service
from ops_app.modules.oidc.client import SCOPES, Client, client_by_id, issuer
from ops_app.modules.oidc.keys import signing_key
from ops_app.modules.oidc.models import OidcCode

TOKEN_LIFE = dt.timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as the provider reads it."""

    db: Session
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    authorization: str | None = None


class ProviderRequest(OAuth2Request):  # type: ignore[misc]
    """Authlib's request over ours."""

    def __init__(self, call: Call):
        # Authlib wants https by name; the real transport is the proxy's and the loopback's matter.
        headers = {"Authorization": call.authorization} if call.authorization else {}
        super().__init__(call.method, f"https://provider{call.path}", headers=headers)
        self.db = call.db
        self.payload = BasicOAuth2Payload(call.query | call.form)
        self._query, self._form = call.query, call.form

    @property
    def args(self) -> dict[str, str]:
        return self._query

    @property
    def form(self) -> dict[str, str]:
        return self._form


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A code as Authlib reads it."""

    row: OidcCode

    @property
    def code_challenge(self) -> str:
        return self.row.code_challenge

    @property
    def code_challenge_method(self) -> str:
        return self.row.code_challenge_method

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self.row.scope

    def get_nonce(self) -> str | None:
        return self.row.nonce

    def get_auth_time(self) -> int:
        return int(self.row.issued_at.timestamp())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization code, kept in the database as a hash and good once."""

    # "none" is for a client without a secret, which its verifier proves (RFC 7636)
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def save_authorization_code(self, code: str, request: ProviderRequest) -> None:
        data = request.payload.data
        service.keep_code(
            request.db,
            code,
            session_id=request.user.session_id,
            client_id=request.payload.client_id,
            redirect_uri=request.payload.redirect_uri or request.client.get_default_redirect_uri(),
            scope=request.scope,
            nonce=data.get("nonce"),
            code_challenge=data["code_challenge"],
        )

    def query_authorization_code(self, code: str, client: Client) -> StoredCode | None:
        row = service.take_code(self.request.db, code, client.client_id)
        return StoredCode(row) if row else None

    def delete_authorization_code(self, authorization_code: StoredCode) -> None:
        """Kept, marked as used: a second use must end what the first one gave."""

    def authenticate_user(self, authorization_code: StoredCode) -> Actor | None:
        return queries.actor_of_session(self.request.db, authorization_code.row.session_id)


class S256Challenge(CodeChallenge):  # type: ignore[misc]
    """PKCE for every request, with the hashed method only."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256" or not data.get("code_challenge"):
            raise InvalidRequestError("This provider needs PKCE with S256")
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(OpenIDCode):  # type: ignore[misc]
    """The signed statement who signed in."""

    def exists_nonce(self, nonce: str, request: ProviderRequest) -> bool:
        # A nonce binds a token to its browser; replay of a code is stopped at the code.
        return False

    def resolve_client_private_key(self, client: Client) -> RSAKey:
        return signing_key()

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        return {"alg": "RS256", "kid": signing_key().kid}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": issuer(), "aud": [client.client_id]}

    def generate_user_info(self, user: Actor, scope: str) -> dict[str, object]:
        return claims.identity(user)


class Provider(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server bound to our requests, answers and tables."""

    def query_client(self, client_id: str | None) -> Client | None:
        return client_by_id(client_id)

    def save_token(self, token: dict[str, Any], request: ProviderRequest) -> None:
        code: StoredCode = request.authorization_code
        service.keep_token(request.db, token["access_token"], code.row, clock.now() + TOKEN_LIFE)

    def create_oauth2_request(self, request: Call) -> ProviderRequest:
        return ProviderRequest(request)

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        head = dict(headers or [])
        if isinstance(body, dict):
            return JSONResponse(body, status_code=status, headers=head)
        return Response(body or "", status_code=status, headers=head)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""


def _token(**_about: object) -> dict[str, object]:
    return {
        "token_type": "Bearer",
        "access_token": secrets.token_urlsafe(32),
        "expires_in": int(TOKEN_LIFE.total_seconds()),
        "scope": _about.get("scope"),
    }


def make_provider() -> Provider:
    """The provider; it holds no state of its own."""
    provider = Provider(scopes_supported=list(SCOPES))
    provider.register_token_generator("default", _token)
    provider.register_grant(CodeGrant, [S256Challenge(required=True), IdToken()])
    return provider
