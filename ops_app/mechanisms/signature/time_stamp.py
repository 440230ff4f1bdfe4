"""Time stamps (RFC 3161): reading a token, and asking a service for one."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets
from typing import Any

import httpx
from asn1crypto import tsp

from ops_app.kit import outgoing
from ops_app.mechanisms.signature import signed_data
from ops_app.mechanisms.signature.algorithms import digest
from ops_app.mechanisms.signature.certificate import STAMP, check_use
from ops_app.mechanisms.signature.chain import path
from ops_app.mechanisms.signature.revocation import status
from ops_app.mechanisms.signature.trust import PARSE_ERRORS, Trust
from ops_app.mechanisms.signature.verdict import Refused

log = logging.getLogger(__name__)


def stamped_at(token: bytes, signature: bytes, trust: Trust) -> dt.datetime:
    """When a trusted service saw this signature; refused when the token proves nothing about it."""
    signed = signed_data.read(token)
    if signed["encap_content_info"]["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise Refused("malformed")
    told = signed["encap_content_info"]["content"].parsed
    imprint = told["message_imprint"]
    if digest(imprint["hash_algorithm"]["algorithm"].native, signature) != imprint["hashed_message"].native:
        raise Refused("time_stamp_differs")
    signer = signed["signer_infos"][0]
    pool = signed_data.certificates(signed)
    certificate = signed_data.certificate_of(signer, pool)
    signed_data.check_arithmetic(signed, signer, certificate, signed_data.embedded(signed))
    check_use(certificate, STAMP)
    moment: dt.datetime = told["gen_time"].native
    line = path(certificate, pool, trust.anchors, moment)
    known = status(certificate, line[1], trust.joined(signed_data.enclosed(signed)), moment)
    if known.state == "revoked" and known.revoked_at is not None and known.revoked_at <= moment:
        raise Refused("revoked")
    return moment


def ask(url: str, signature: bytes) -> bytes | None:
    """A token for a signature from a time stamp service; None when it does not answer properly."""
    nonce = secrets.randbits(63)
    question = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": hashlib.sha256(signature).digest(),
            },
            "nonce": nonce,
            "cert_req": True,
        }
    )
    try:
        with outgoing.client(url, timeout=10) as service:
            answer = service.post(url, content=question.dump(), headers={"content-type": "application/timestamp-query"})
        answer.raise_for_status()
        return _token(answer.content, nonce)
    except (httpx.HTTPError, *PARSE_ERRORS) as problem:
        log.warning("the time stamp service did not answer properly: %s", problem)
        return None


def _token(answer: bytes, nonce: int) -> bytes:
    response: Any = tsp.TimeStampResp.load(answer, strict=True)
    if response["status"]["status"].native not in ("granted", "granted_with_mods"):
        raise ValueError("refused")
    token = response["time_stamp_token"]
    if token["content"]["encap_content_info"]["content"].parsed["nonce"].native != nonce:
        raise ValueError("an answer to another question")
    return bytes(token.dump())
