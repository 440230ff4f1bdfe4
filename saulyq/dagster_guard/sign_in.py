"""The guard as a client of the OpenID provider: authorization code with PKCE, and who is signed in now."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx
from itsdangerous import BadSignature, URLSafeTimedSerializer

from saulyq.secrets import secret
from saulyq.settings import Settings

CLIENT_ID = "saulyq-dagster"
CALLBACK = "/oauth2callback"
OPEN, OPERATE = "platform:dagster:open", "platform:dagster:operate"
ASK_AGAIN_SECONDS = 10
"""For so long an answer of the provider holds: an ended session or a role taken away works within it."""
SIGN_IN_SECONDS = 600
SESSION_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as the provider said last."""

    access_token: str
    permissions: frozenset[str]
    asked_at: float
    until: float

    @property
    def opens(self) -> bool:
        """Whether Dagster may be looked at."""
        return OPEN in self.permissions

    @property
    def operates(self) -> bool:
        """Whether something may be started."""
        return self.opens and OPERATE in self.permissions


class SignIns:
    """Browsers that have signed in; a restart forgets them, and the provider signs them in again by itself."""

    def __init__(self, current: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.issuer = current.page_url(current.ops_port)
        self.address = current.page_url(current.dagster_port)
        self.cookie = f"saulyq_{current.port_base}_dagster"
        self.is_https = self.address.startswith("https:")
        self._secret = secret(current.secrets_dir, "oidc_dagster")
        self._signer = URLSafeTimedSerializer(secrets.token_urlsafe(32), salt="sign-in")
        self._people: dict[bytes, Person] = {}
        self._asking: dict[bytes, asyncio.Task[Person | None]] = {}
        # a proxy of the user's shell must not stand between two processes of one machine
        here = urlsplit(self.issuer).hostname in ("127.0.0.1", "localhost", "::1")
        self._client = httpx.AsyncClient(timeout=10, trust_env=not here, transport=transport)

    def begin(self, target: str, host: str) -> tuple[str, str]:
        """Where the browser goes to sign in, and what it must bring back in a cookie."""
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        back = self._callback(host)
        asked = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": back,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        kept = self._signer.dumps({"state": state, "verifier": verifier, "back": back, "target": target})
        return f"{self.issuer}/oidc/authorize?{urlencode(asked)}", kept

    async def finish(self, kept: str, state: str, code: str) -> tuple[str, str] | None:
        """Exchange a code; return the token of the browser and where it wanted to go, or nothing."""
        try:
            begun = self._signer.loads(kept, max_age=SIGN_IN_SECONDS)
        except BadSignature:
            return None
        if not hmac.compare_digest(str(begun["state"]), state):
            return None
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": begun["back"],
            "code_verifier": begun["verifier"],
        }
        answer = await self._client.post(f"{self.issuer}/oidc/token", data=form, auth=(CLIENT_ID, self._secret))
        if answer.status_code != 200:
            return None
        now = time.monotonic()
        person = await self._ask(str(answer.json()["access_token"]), now + SESSION_SECONDS)
        if person is None:
            return None
        self._people = {key: kept for key, kept in self._people.items() if kept.until > now}
        token = secrets.token_urlsafe(32)
        self._people[_key(token)] = person
        return token, str(begun["target"])

    async def person(self, token: str | None) -> Person | None:
        """Who stands behind a browser's token, if the provider still says so."""
        key = _key(token or "")
        known = self._people.get(key)
        now = time.monotonic()
        if known is None or known.until <= now:
            self._people.pop(key, None)
            return None
        if now - known.asked_at < ASK_AGAIN_SECONDS:
            return known
        fresh = await self._asked_once(key, known)
        if fresh is None:
            self._people.pop(key, None)
            return None
        self._people[key] = fresh
        return fresh

    async def _asked_once(self, key: bytes, known: Person) -> Person | None:
        """The provider's answer about a browser: a page is a hundred requests at once, and one question is enough."""
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.create_task(self._ask(known.access_token, known.until))
            self._asking[key] = asking
            asking.add_done_callback(lambda _done: self._asking.pop(key, None))
        # a browser that goes away does not take the question from the others who wait for it
        return await asyncio.shield(asking)

    async def _ask(self, access_token: str, until: float) -> Person | None:
        answer = await self._client.get(
            f"{self.issuer}/oidc/userinfo", headers={"Authorization": f"Bearer {access_token}"}
        )
        if answer.status_code == 401:
            return None
        answer.raise_for_status()
        held = frozenset(str(name) for name in answer.json().get("permissions", ()))
        return Person(access_token, held, time.monotonic(), until)

    def _callback(self, host: str) -> str:
        # Whoever typed "localhost" keeps his cookies there; the provider knows both names.
        by_name = self.address.replace("127.0.0.1", "localhost")
        return f"{by_name if host == urlsplit(by_name).netloc else self.address}{CALLBACK}"


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
