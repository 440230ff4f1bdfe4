"""From a certificate to a trusted authority (RFC 5280, the parts that a flat national PKI uses)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from ops_app.mechanisms.signature.algorithms import fits
from ops_app.mechanisms.signature.verdict import Refused

LONGEST = 6
UNDERSTOOD = {
    "basic_constraints",
    "key_usage",
    "extended_key_usage",
    "certificate_policies",
    "subject_alt_name",
    "authority_key_identifier",
    "key_identifier",
    "crl_distribution_points",
}


def path(certificate: Any, pool: Sequence[Any], anchors: Sequence[Any], at: dt.datetime) -> list[Any]:
    """Certificates from this one to a trusted authority, each issued by the next and valid at the time."""
    if not anchors:
        raise Refused("no_roots")
    line = _climb(certificate, pool, anchors, ())
    for step, member in enumerate(line):
        check_period(member, at)
        if set(member.critical_extensions) - UNDERSTOOD:
            raise Refused("algorithm")
        if step:
            _check_authority(member, below=step - 1)
    return line


def _climb(certificate: Any, pool: Sequence[Any], anchors: Sequence[Any], seen: tuple[bytes, ...]) -> list[Any]:
    problem = "issuer_unknown"
    if certificate.subject == certificate.issuer:
        problem = "untrusted_root"
    if len(seen) < LONGEST:
        for candidate, trusted in [*((one, True) for one in anchors), *((one, False) for one in pool)]:
            if (
                candidate.subject != certificate.issuer
                or candidate.sha256 in seen
                or not _names(certificate, candidate)
            ):
                continue
            try:
                issued_by(certificate, candidate)
                above = [] if trusted else _climb(candidate, pool, anchors, (*seen, certificate.sha256))[1:]
            except Refused as refused:
                problem = refused.reason
            else:
                return [certificate, candidate, *above]
    raise Refused(problem)


def _names(certificate: Any, issuer: Any) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    wanted, have = certificate.authority_key_identifier, issuer.key_identifier
    return wanted is None or have is None or not wanted or wanted == have


def issued_by(certificate: Any, issuer: Any) -> None:
    """Refuse a certificate that this authority did not sign."""
    inner = certificate["tbs_certificate"]["signature"]
    if inner.dump() != certificate["signature_algorithm"].dump():
        raise Refused("bad_chain")
    signature = certificate["signature_value"].native
    content = certificate["tbs_certificate"].dump()
    if not fits(issuer.public_key.dump(), certificate["signature_algorithm"], None, signature, content):
        raise Refused("bad_chain")


def check_period(certificate: Any, at: dt.datetime) -> None:
    """Refuse a certificate outside its own dates."""
    if at > certificate.not_valid_after:
        raise Refused("expired")
    if at < certificate.not_valid_before:
        raise Refused("not_yet_valid")


def _check_authority(certificate: Any, below: int) -> None:
    usage = certificate.key_usage_value
    if not certificate.ca or (usage is not None and "key_cert_sign" not in usage.native):
        raise Refused("bad_chain")
    most = certificate.max_path_length
    if most is not None and below > most:
        raise Refused("bad_chain")
