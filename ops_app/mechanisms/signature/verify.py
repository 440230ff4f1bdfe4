"""Verifying a file that claims to be a signature: ``verify(content, question)`` answers for any bytes."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ops_app.kit import clock
from ops_app.mechanisms.signature import outside, signed_data, time_stamp, trust
from ops_app.mechanisms.signature.certificate import SIGN, check_use, signer_of
from ops_app.mechanisms.signature.chain import check_period, path
from ops_app.mechanisms.signature.revocation import Fetch, Status, status
from ops_app.mechanisms.signature.trust import PARSE_ERRORS, Trust
from ops_app.mechanisms.signature.verdict import Evidence, Refused, Signer, Verdict, of_signers
from saulyq.settings import Settings

CLOCK_SLACK = dt.timedelta(minutes=10)
"""How far a signer's clock may be ahead of ours."""

XML_SIGNATURE = re.compile(rb"<(?:[\w.-]+:)?Signature[\s>][^<]*|http://www\.w3\.org/2000/09/xmldsig#")


@dataclass(frozen=True)
class Question:
    """What is asked about a file."""

    trust: Trust
    content: bytes | None = None
    """The signed document, for a detached signature."""
    at: dt.datetime | None = None
    """The moment the caller vouches for; without it a time stamp, else the time the signer claims."""
    purpose: str = SIGN
    tokens: Sequence[bytes] = field(default=())
    """Time stamps kept beside the signature."""
    gost: outside.Ask | None = None
    fetch: Fetch | None = None


def question(current: Settings, **about: Any) -> Question:
    """A question as this installation asks it: its authorities, its services."""
    return Question(
        trust=about.pop("trust", None) or trust.load(trust.folders_of(current)),
        gost=outside.verifier(current.eds_verifier_url) if current.eds_verifier_url else None,
        fetch=outside.fetch_ocsp if current.eds_online else None,
        **about,
    )


def verify(content: bytes, asked: Question) -> Verdict:
    """Verify any bytes; never raises, never believes what it cannot prove."""
    if not content:
        return Verdict("empty")
    try:
        return _verify(content, asked)
    except Refused as refused:
        return Verdict(refused.reason)
    except PARSE_ERRORS:
        # asn1crypto reads lazily: bytes that are not what they say may surface at any depth.
        return Verdict("malformed")


def _verify(content: bytes, asked: Question) -> Verdict:
    if _is_xml(content):
        return _verify_xml(content, asked)
    der = signed_data.unwrapped(content)
    signed = signed_data.read(der)
    inside = signed_data.embedded(signed)
    if inside is not None and asked.content is not None and inside != asked.content:
        raise Refused("document_differs")
    asked = replace(asked, content=inside if inside is not None else asked.content)
    asked = replace(asked, trust=asked.trust.joined(signed_data.enclosed(signed)))
    signers: list[Signer] = []
    evidence: list[Evidence] = []
    for signer in signed["signer_infos"]:
        found, proofs = _judge(der, signed, signer, asked, detached=inside is None)
        signers.append(found)
        evidence += [proof for proof in proofs if proof not in evidence]
    return of_signers(tuple(signers), tuple(evidence))


def _judge(
    der: bytes, signed: Any, signer: Any, asked: Question, *, detached: bool
) -> tuple[Signer, tuple[Evidence, ...]]:
    found, proofs = Signer(), []
    try:
        pool = signed_data.certificates(signed)
        certificate = signed_data.certificate_of(signer, pool)
        found = replace(signer_of(certificate), algorithm=" ".join(signed_data.algorithms(signer)))
        try:
            signed_data.check_arithmetic(signed, signer, certificate, asked.content)
            by_service = False
        except Refused as refused:
            if refused.reason != "gost":
                raise
            by_service = True
        moment, source, token = _moment(signer, asked)
        found = replace(found, signed_at=moment, time_source=source)
        if token is not None:
            proofs.append(Evidence("time_stamp", token))
        if source == "claimed" and moment > clock.now() + CLOCK_SLACK:
            raise Refused("signed_in_future")
        check_use(certificate, asked.purpose)
        check_period(certificate, moment)
        if by_service:
            _ask_verifier(der, asked, moment, detached=detached)
            return replace(found, revocation="good", revocation_source="verifier"), tuple(proofs)
        line = path(certificate, pool, asked.trust.anchors, moment)
        proofs += [Evidence("certificate", member.dump()) for member in line[1:]]
        for lower, upper in itertools.pairwise(line[1:]):
            _check_revoked(status(lower, upper, asked.trust, moment), moment, source)
        known = status(certificate, line[1], asked.trust, moment, asked.fetch)
        found = replace(found, revocation=known.state, revocation_source=known.source)
        if known.proof is not None:
            proofs.append(known.proof)
        _check_revoked(known, moment, source)
        if known.state == "unknown":
            raise Refused("revocation_unknown")
    except Refused as refused:
        return found.refused(refused.reason), tuple(proofs)
    except PARSE_ERRORS:
        return found.refused("malformed"), ()
    return found, tuple(proofs)


def _moment(signer: Any, asked: Question) -> tuple[dt.datetime, str, bytes | None]:
    """When the signature is judged to have been made, who says so, and the token that proves it."""
    stamped: list[tuple[dt.datetime, bytes]] = []
    for token in [*signed_data.stamps(signer), *asked.tokens]:
        try:
            stamped.append((time_stamp.stamped_at(token, signer["signature"].native, asked.trust), token))
        except Refused as refused:
            # A stamp of a service unknown here proves nothing and takes nothing away; one that
            # belongs to another signature was put there to deceive.
            if refused.reason == "time_stamp_differs":
                raise
    earliest = min(stamped) if stamped else None
    if asked.at is not None:
        return asked.at, "given", earliest[1] if earliest else None
    if earliest is not None:
        return earliest[0], "time_stamp", earliest[1]
    claimed = signed_data.attribute(signer, "signing_time")
    if claimed is not None:
        return claimed.native, "claimed", None
    return clock.now(), "now", None


def _check_revoked(known: Status, moment: dt.datetime, source: str) -> None:
    if known.state != "revoked":
        return
    if known.revoked_at is None or known.revoked_at <= moment:
        raise Refused("revoked")
    if source == "claimed":
        # Whoever stole the key after all may write any time into the signature.
        raise Refused("revoked_later")


def _ask_verifier(der: bytes, asked: Question, moment: dt.datetime, *, detached: bool) -> None:
    if asked.gost is None:
        raise Refused("gost")
    if detached and asked.content is None:
        raise Refused("content_missing")
    if asked.gost("/cms/verify", outside.cms_question(der, asked.content if detached else None)):
        return
    raise Refused("verifier_refused" if abs(clock.now() - moment) < dt.timedelta(days=1) else "verifier_now")


def _is_xml(content: bytes) -> bool:
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and XML_SIGNATURE.search(content) is not None


def _verify_xml(content: bytes, asked: Question) -> Verdict:
    """Canonical XML is not made here: only the verification service may say that one is valid."""
    if asked.gost is None:
        return Verdict("xml")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return Verdict("malformed")
    valid = asked.gost("/xml/verify", {"xml": text, "revocationCheck": ["OCSP"]})
    return Verdict("valid" if valid else "verifier_refused")
