"""Whether a certificate was revoked: OCSP answers and CRLs, supplied, embedded, or asked for when allowed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from asn1crypto import ocsp, x509
from cryptography.x509 import load_der_x509_crl

from ops_app.mechanisms.signature.algorithms import fits
from ops_app.mechanisms.signature.chain import check_period, issued_by
from ops_app.mechanisms.signature.trust import PARSE_ERRORS, Trust
from ops_app.mechanisms.signature.verdict import Evidence, Refused

GRACE = dt.timedelta(hours=24)
"""How old an answer without an end may be, and how far clocks of services may differ from ours."""

Fetch = Callable[[Any, Any], bytes | None]
"""Asks the service named in a certificate (first argument, its issuer second) for an OCSP answer."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is known about one certificate, and the proof."""

    state: str = "unknown"
    revoked_at: dt.datetime | None = None
    source: str | None = None
    proof: Evidence | None = None


def status(certificate: Any, issuer: Any, trust: Trust, at: dt.datetime, fetch: Fetch | None = None) -> Status:
    """The worst that the evidence says; ``good`` only from evidence that covers the time."""
    found = [*_from_ocsp(certificate, issuer, trust.answers, at), *_from_crls(certificate, issuer, trust.crls, at)]
    if not found and fetch is not None:
        fetched = fetch(certificate, issuer)
        if fetched is not None:
            found = list(_from_ocsp(certificate, issuer, [basic(fetched)], at))
    revoked = [one for one in found if one.state == "revoked"]
    if revoked:
        return min(revoked, key=lambda one: one.revoked_at or at)
    return found[0] if found else Status()


def basic(answer: bytes) -> Any:
    """The signed part of an OCSP answer, refused when the service said no."""
    try:
        whole = ocsp.OCSPResponse.load(answer, strict=True)
        if whole["response_status"].native == "successful":
            return whole.basic_ocsp_response
    except PARSE_ERRORS:
        pass
    raise Refused("revocation_unknown")


def wrapped(answer: Any) -> bytes:
    """A basic response as the whole answer a service would send."""
    return bytes(
        ocsp.OCSPResponse(
            {
                "response_status": "successful",
                "response_bytes": {"response_type": "basic_ocsp_response", "response": answer},
            }
        ).dump()
    )


def _from_ocsp(certificate: Any, issuer: Any, answers: Any, at: dt.datetime) -> Iterator[Status]:
    for answer in answers:
        for single in answer["tbs_response_data"]["responses"]:
            if not _is_about(single["cert_id"], certificate, issuer):
                continue
            if not _ocsp_is_genuine(answer, issuer):
                continue
            this, following = single["this_update"].native, single["next_update"].native
            proof = Evidence("ocsp", wrapped(answer))
            kind = single["cert_status"].name
            if kind == "revoked":
                when = single["cert_status"].chosen["revocation_time"].native
                yield Status("revoked", when, "ocsp", proof)
            elif kind == "good" and at <= (following or this) + GRACE:
                yield Status("good", None, "ocsp", proof)


def _is_about(identity: Any, certificate: Any, issuer: Any) -> bool:
    if identity["serial_number"].native != certificate.serial_number:
        return False
    name = identity["hash_algorithm"]["algorithm"].native
    if name not in ("sha1", "sha256"):
        return False
    # SHA-1 only names the issuer here; what is believed is the signature over the answer.
    return identity["issuer_name_hash"].native == getattr(issuer.subject, name) and identity[
        "issuer_key_hash"
    ].native == getattr(issuer.public_key, name)


def _ocsp_is_genuine(answer: Any, issuer: Any) -> bool:
    content = answer["tbs_response_data"].dump()
    signature = answer["signature"].native
    produced = answer["tbs_response_data"]["produced_at"].native
    for responder in [issuer, *(answer["certs"] or [])]:
        try:
            if responder is not issuer:
                if not _answers_for_others(responder):
                    continue
                issued_by(responder, issuer)
                check_period(responder, produced)
            if fits(responder.public_key.dump(), answer["signature_algorithm"], None, signature, content):
                return True
        except (Refused, *PARSE_ERRORS):
            continue
    return False


def _answers_for_others(responder: Any) -> bool:
    # One extension alone is read: responders of the test authority carry an empty "no check" extension,
    # which is no ASN.1 and would stop the reading of all of them.
    for extension in responder["tbs_certificate"]["extensions"]:
        if extension["extn_id"].native == "extended_key_usage":
            return "ocsp_signing" in extension["extn_value"].parsed.native
    return False


def _from_crls(certificate: Any, issuer: Any, crls: Any, at: dt.datetime) -> Iterator[Status]:
    for listed in crls:
        if listed.issuer != issuer.subject:
            continue
        tbs = listed["tbs_cert_list"]
        try:
            key = issuer.public_key.dump()
            if not fits(key, listed["signature_algorithm"], None, listed["signature"].native, tbs.dump()):
                continue
        except Refused:
            continue
        proof = Evidence("crl", listed.dump())
        entry = _quick(proof.content).get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None:
            yield Status("revoked", entry.revocation_date_utc, "crl", proof)
            continue
        this, following = tbs["this_update"].native, tbs["next_update"].native
        # A list made after the certificate expired may have dropped it.
        if this <= certificate.not_valid_after and at <= (following or this) + GRACE:
            yield Status("good", None, "crl", proof)


@lru_cache(maxsize=16)
def _quick(content: bytes) -> Any:
    """The list behind an index: asn1crypto would walk through a million rows."""
    return load_der_x509_crl(content)


def certificate_id(certificate: Any, issuer: Any) -> ocsp.CertId:
    """How an OCSP question names a certificate."""
    assert isinstance(issuer, x509.Certificate)
    return ocsp.CertId(
        {
            "hash_algorithm": {"algorithm": "sha1"},
            "issuer_name_hash": issuer.subject.sha1,
            "issuer_key_hash": issuer.public_key.sha1,
            "serial_number": certificate.serial_number,
        }
    )
