"""The one client of the provider: the dashboards of this installation."""

from __future__ import annotations

import hmac

from authlib.oauth2.rfc6749 import ClientMixin

from saulyq.secrets import secret
from saulyq.settings import settings

CLIENT_ID = "saulyq-dashboards"
SECRET_NAME = "oidc_dashboards"  # noqa: S105 - the name of the file, not the secret
SCOPES = ("openid", "profile")


def issuer() -> str:
    """The address the provider is known by."""
    return settings().page_url(settings().ops_port)


def dashboards_url() -> str:
    """Where the dashboards answer."""
    return settings().page_url(settings().dashboards_port)


def redirect_uris() -> tuple[str, ...]:
    """Where a code may be sent, compared letter by letter."""
    by_name = dashboards_url().replace("127.0.0.1", "localhost")
    return tuple(dict.fromkeys((f"{dashboards_url()}/oauth2callback", f"{by_name}/oauth2callback")))


class Dashboards(ClientMixin):  # type: ignore[misc]
    """What Authlib asks a client."""

    client_id = CLIENT_ID
    id_token_signed_response_alg = "RS256"  # noqa: S105

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return redirect_uris()[0]

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(name for name in (scope or "").split() if name in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in redirect_uris()

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(secret(settings().secrets_dir, SECRET_NAME).encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


def client_by_id(client_id: str | None) -> Dashboards | None:
    """The client of this name, if it is the one there is."""
    return Dashboards() if client_id == CLIENT_ID else None
