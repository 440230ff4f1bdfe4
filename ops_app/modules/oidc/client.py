"""The clients of the provider: the dashboards and the guard before Dagster, both of this installation."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import ClientMixin

from ops_app.permissions import Permission
from saulyq.secrets import secret
from saulyq.settings import settings

CLIENT_ID = "saulyq-dashboards"
DAGSTER_CLIENT_ID = "saulyq-dagster"
SCOPES = ("openid", "profile")


def issuer() -> str:
    """The address the provider is known by."""
    return settings().page_url(settings().ops_port)


@dataclass(frozen=True)
class Client(ClientMixin):  # type: ignore[misc]
    """What Authlib asks a client."""

    client_id: str
    secret_name: str
    """The file of the secret in ``SAULYQ_HOME/secrets``."""
    port_name: str
    permission: Permission
    """Whoever lacks it is not signed in there."""
    id_token_signed_response_alg: str = "RS256"  # noqa: S105

    @property
    def address(self) -> str:
        """Where the client answers."""
        return settings().page_url(getattr(settings(), self.port_name))

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where a code may be sent, compared letter by letter."""
        by_name = self.address.replace("127.0.0.1", "localhost")
        return tuple(dict.fromkeys((f"{self.address}/oauth2callback", f"{by_name}/oauth2callback")))

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(name for name in (scope or "").split() if name in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(secret(settings().secrets_dir, self.secret_name).encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


CLIENTS = {
    client.client_id: client
    for client in (
        Client(CLIENT_ID, "oidc_dashboards", "dashboards_port", Permission.DASHBOARDS_PAGE_READ),
        Client(DAGSTER_CLIENT_ID, "oidc_dagster", "dagster_port", Permission.PLATFORM_DAGSTER_OPEN),
    )
}


def client_by_id(client_id: str | None) -> Client | None:
    """The client of this name."""
    return CLIENTS.get(client_id or "")
