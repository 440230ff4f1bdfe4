"""The clients of the provider: the dashboards, the guard before Dagster, and the viewer of images that is set."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import ClientMixin

from ops_app.permissions import Permission
from saulyq.secrets import secret
from saulyq.settings import settings

CLIENT_ID = "saulyq-dashboards"
DAGSTER_CLIENT_ID = "saulyq-dagster"
VIEWER_CLIENT_ID = "saulyq-viewer"
SCOPES = ("openid", "profile")
NARROWED = {
    VIEWER_CLIENT_ID: frozenset(
        {Permission.IMAGING_STUDY_READ, Permission.IMAGING_STUDY_WRITE, Permission.IMAGING_STUDY_RECONCILE}
    )
}
"""What the tokens of a client may be used for at most, whatever the person behind them may."""


def issuer() -> str:
    """The address the provider is known by."""
    return settings().page_url(settings().ops_port)


@dataclass(frozen=True)
class Client(ClientMixin):  # type: ignore[misc]
    """What Authlib asks a client."""

    client_id: str
    address: str
    """Where the client answers."""
    redirect_uris: tuple[str, ...]
    """Where a code may be sent, compared letter by letter."""
    permission: Permission
    """Whoever lacks it is not signed in there."""
    secret_name: str | None
    """The file of the secret in ``SAULYQ_HOME/secrets``; None: it runs in a browser and can keep none."""
    id_token_signed_response_alg: str = "RS256"  # noqa: S105

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(name for name in (scope or "").split() if name in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        if self.secret_name is None:
            return False
        return hmac.compare_digest(secret(settings().secrets_dir, self.secret_name).encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        if self.secret_name is None:
            # nobody knows it by a secret: it takes its token by PKCE alone, and asks nothing about others' tokens
            return method == "none" and endpoint == "token"
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


def clients() -> dict[str, Client]:
    """Every client of this installation by its name."""
    known = [
        _of_part(CLIENT_ID, settings().dashboards_port, Permission.DASHBOARDS_PAGE_READ, "oidc_dashboards"),
        _of_part(DAGSTER_CLIENT_ID, settings().dagster_port, Permission.PLATFORM_DAGSTER_OPEN, "oidc_dagster"),
    ]
    if address := settings().viewer_url:
        back = (f"{address}/callback",)
        known.append(Client(VIEWER_CLIENT_ID, address, back, Permission.IMAGING_STUDY_READ, None))
    return {client.client_id: client for client in known}


def _of_part(client_id: str, port: int, permission: Permission, secret_name: str) -> Client:
    address = settings().page_url(port)
    by_name = address.replace("127.0.0.1", "localhost")
    back = tuple(dict.fromkeys((f"{address}/oauth2callback", f"{by_name}/oauth2callback")))
    return Client(client_id, address, back, permission, secret_name)


def client_by_id(client_id: str | None) -> Client | None:
    """The client of this name."""
    return clients().get(client_id or "")
