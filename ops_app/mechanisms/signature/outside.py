"""Services outside: an NCANode-compatible verifier for GOST, and the OCSP address of a certificate."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import Any

import httpx
from asn1crypto import ocsp

from ops_app.kit import outgoing
from ops_app.mechanisms.signature.revocation import certificate_id
from ops_app.mechanisms.signature.verdict import Refused

log = logging.getLogger(__name__)

Ask = Callable[[str, dict[str, Any]], bool]
"""Asks the verifier at a path (``/cms/verify``) with a body; whether it found the file valid."""


def verifier(url: str) -> Ask:
    """A question to an NCANode 3 service."""

    def ask(path: str, body: dict[str, Any]) -> bool:
        try:
            with outgoing.client(url, timeout=30) as service:
                answer = service.post(url.rstrip("/") + path, json=body)
            answer.raise_for_status()
            told = answer.json()
        except (httpx.HTTPError, ValueError) as problem:
            log.warning("the GOST verifier did not answer properly: %s", problem)
            raise Refused("verifier_silent") from None
        # Only a clear word counts; a missing or odd field is silence.
        if not isinstance(told, dict) or not isinstance(told.get("valid"), bool):
            raise Refused("verifier_silent")
        return bool(told["valid"])

    return ask


def cms_question(signature: bytes, content: bytes | None) -> dict[str, Any]:
    """The body NCANode expects for a CMS; ``data`` only for a detached one."""
    body: dict[str, Any] = {"cms": base64.b64encode(signature).decode(), "revocationCheck": ["OCSP"]}
    if content is not None:
        body["data"] = base64.b64encode(content).decode()
    return body


def fetch_ocsp(certificate: Any, issuer: Any) -> bytes | None:
    """The OCSP answer of the service that the certificate names."""
    question = ocsp.OCSPRequest(
        {"tbs_request": {"request_list": [{"req_cert": certificate_id(certificate, issuer)}]}}
    ).dump()
    for url in certificate.ocsp_urls:
        try:
            with outgoing.client(url, timeout=10) as service:
                answer = service.post(url, content=question, headers={"content-type": "application/ocsp-request"})
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            log.warning("%s did not answer: %s", url, problem)
        else:
            return answer.content
    return None
