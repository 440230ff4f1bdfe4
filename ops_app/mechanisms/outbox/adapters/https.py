"""A system behind an HTTPS address that takes JSON or FHIR."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from ops_app.kit import outgoing
from ops_app.mechanisms.outbox.adapter import NotReady, Parcel, Receipt, Refused, TryLater, canonical
from ops_app.mechanisms.outbox.declaration import System

TIMEOUT = httpx.Timeout(20.0, connect=5.0)


class HttpsAdapter:
    """``POST`` to the address, the key in ``Idempotency-Key``.

    Environment: ``_URL``; ``_TOKEN`` (bearer); ``_CERTIFICATE`` and ``_KEY`` (client certificate, PEM files);
    ``_CA`` (whom to trust instead of the system's list). Options: ``content_type``, ``ready_path``,
    ``held_path``, ``timeout_seconds``.
    """

    def __init__(self, system: System):
        self.system = system
        self.url = (system.setting("URL") or "").rstrip("/")
        self._client: outgoing.Client | None = None

    def configured(self) -> bool:
        """Whether there is an address; without TLS only on this machine."""
        parts = urlsplit(self.url)
        return bool(parts.hostname) and (parts.scheme == "https" or parts.hostname in outgoing.OWN_MACHINE)

    def ready(self) -> bool:
        """Whether the declared path answers with success."""
        try:
            return self._http().get(self.url + self.system.options.get("ready_path", "")).is_success
        except httpx.HTTPError:
            return False

    def send(self, parcel: Parcel) -> Receipt:
        """Post one message and read what became of it."""
        headers = {
            "Content-Type": self.system.options.get("content_type", "application/json"),
            "Idempotency-Key": parcel.key,
            "X-Message-Kind": parcel.kind,
            "X-Message-Created": parcel.created_at.isoformat(),
            "X-Content-SHA256": parcel.sha256,
        }
        try:
            answer = self._http().post(self.url, content=canonical(parcel.body), headers=headers)
        except httpx.ConnectError as error:
            raise NotReady("network", type(error).__name__) from None
        except httpx.HTTPError as error:
            # sent perhaps, answered never: the key lets the receiver recognise the repetition
            raise TryLater("network", type(error).__name__) from None
        return judged_by_status(answer, parcel)

    def held(self, day: dt.date) -> Mapping[str, str] | None:
        """Ask for ``{"messages": [{"key": …, "sha256": …}]}`` of a day."""
        path = self.system.options.get("held_path")
        if path is None:
            return None
        try:
            answer = self._http().get(self.url + path, params={"day": day.isoformat()})
            answer.raise_for_status()
            return {str(row["key"]): str(row["sha256"]) for row in answer.json()["messages"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise TryLater("theirs", type(error).__name__) from None

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()

    def _http(self) -> outgoing.Client:
        if self._client is None:
            token, certificate = self.system.setting("TOKEN"), self.system.setting("CERTIFICATE")
            trusted = ssl.create_default_context(cafile=self.system.setting("CA"))
            if certificate is not None:
                trusted.load_cert_chain(certificate, self.system.setting("KEY"))
            seconds = self.system.options.get("timeout_seconds")
            self._client = outgoing.client(
                self.url,
                timeout=httpx.Timeout(float(seconds)) if seconds else TIMEOUT,
                headers={"Authorization": f"Bearer {token}"} if token else {},
                verify=trusted,
                follow_redirects=False,
            )
        return self._client


def judged_by_status(answer: httpx.Response, parcel: Parcel) -> Receipt:
    """What the status of an answer says of a message."""
    status, said = f"http {answer.status_code}", answer.text[:300]
    if answer.is_success:
        return Receipt(_reference(answer), answer.headers.get("X-Message-Known") == "true")
    if answer.status_code == 409:
        held = answer.headers.get("X-Content-SHA256", parcel.sha256)
        if held != parcel.sha256:
            raise Refused("ours", "other content under the same key", said)
        return Receipt(_reference(answer), was_known=True)
    if answer.status_code in (401, 403):
        raise NotReady("ours", f"{status}, our credentials are refused", said)
    if answer.status_code == 503:
        raise NotReady("theirs", status, said)
    if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
        raise TryLater("theirs", status, said)
    raise Refused("ours", status, said)


def _reference(answer: httpx.Response) -> str | None:
    try:
        body = answer.json()
    except ValueError:
        body = None
    number = body.get("id") if isinstance(body, dict) else None
    found = number or answer.headers.get("Location")
    return str(found)[:200] if found else None
