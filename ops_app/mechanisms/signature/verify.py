"""Verifying a file that claims to be a signature: ``verify(content, question)`` answers for any bytes."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ops_app.kit import clock
from ops_app.mechanisms.signature import outside, signed_data, time_stamp, trust, xml_signature
from ops_app.mechanisms.signature.certificate import SIGN, check_use, signer_of
from ops_app.mechanisms.signature.chain import check_period, path
from ops_app.mechanisms.signature.revocation import Fetch, Status, status
from ops_app.mechanisms.signature.trust import PARSE_ERRORS, Trust
from ops_app.mechanisms.signature.verdict import Evidence, Refused, Signer, Verdict, of_signers
from saulyq.settings import Settings

CLOCK_SLACK = dt.timedelta(minutes=10)
"""How far a signer's clock may be ahead of ours."""


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
    if xml_signature.looks_like_xml(content):
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
    case = _Case()
    try:
        pool = signed_data.certificates(signed)
        certificate = signed_data.certificate_of(signer, pool)
        case.found = replace(signer_of(certificate), algorithm=" ".join(signed_data.algorithms(signer)))
        try:
            signed_data.check_arithmetic(signed, signer, certificate, asked.content)
            by_service = False
        except Refused as refused:
            if refused.reason != "gost":
                raise
            by_service = True
        stamps, claimed = signed_data.stamps(signer), signed_data.attribute(signer, "signing_time")
        moment = _moment(signer["signature"].native, stamps, claimed.native if claimed is not None else None, asked)
        service = partial(_ask_verifier, der, asked, detached=detached) if by_service else None
        _believe(case, certificate, pool, asked, moment, service)
    except Refused as refused:
        return case.found.refused(refused.reason), tuple(case.proofs)
    except PARSE_ERRORS:
        return case.found.refused("malformed"), ()
    return case.found, tuple(case.proofs)


@dataclass(slots=True)
class _Case:
    """What is known of one signature so far; a refusal keeps it."""

    found: Signer = field(default_factory=Signer)
    proofs: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Moment:
    """When the signature is judged to have been made, who says so, and the token that proves it."""

    at: dt.datetime
    source: str
    token: bytes | None = None


def _believe(
    case: _Case,
    certificate: Any,
    pool: list[Any],
    asked: Question,
    moment: _Moment,
    ask_service: Callable[[dt.datetime], None] | None,
) -> None:
    """Refuse a certificate that was not good at that moment; keeps what the answer rests on."""
    case.found = replace(case.found, signed_at=moment.at, time_source=moment.source)
    if moment.token is not None:
        case.proofs.append(Evidence("time_stamp", moment.token))
    if moment.source == "claimed" and moment.at > clock.now() + CLOCK_SLACK:
        raise Refused("signed_in_future")
    check_use(certificate, asked.purpose)
    check_period(certificate, moment.at)
    if ask_service is not None:
        ask_service(moment.at)
        case.found = replace(case.found, revocation="good", revocation_source="verifier")
        return
    line = path(certificate, pool, asked.trust.anchors, moment.at)
    case.proofs += [Evidence("certificate", member.dump()) for member in line[1:]]
    for lower, upper in itertools.pairwise(line[1:]):
        _check_revoked(status(lower, upper, asked.trust, moment.at), moment.at, moment.source)
    known = status(certificate, line[1], asked.trust, moment.at, asked.fetch)
    case.found = replace(case.found, revocation=known.state, revocation_source=known.source)
    if known.proof is not None:
        case.proofs.append(known.proof)
    _check_revoked(known, moment.at, moment.source)
    if known.state == "unknown":
        raise Refused("revocation_unknown")


def _moment(signature: bytes, stamps: Sequence[bytes], claimed: dt.datetime | None, asked: Question) -> _Moment:
    stamped: list[tuple[dt.datetime, bytes]] = []
    for token in [*stamps, *asked.tokens]:
        try:
            stamped.append((time_stamp.stamped_at(token, signature, asked.trust), token))
        except Refused as refused:
            # A stamp of a service unknown here proves nothing and takes nothing away; one that
            # belongs to another signature was put there to deceive.
            if refused.reason == "time_stamp_differs":
                raise
    earliest = min(stamped) if stamped else None
    if asked.at is not None:
        return _Moment(asked.at, "given", earliest[1] if earliest else None)
    if earliest is not None:
        return _Moment(earliest[0], "time_stamp", earliest[1])
    if claimed is not None:
        return _Moment(claimed, "claimed")
    return _Moment(clock.now(), "now")


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


def _verify_xml(content: bytes, asked: Question) -> Verdict:
    try:
        document = xml_signature.parse(content)
        found = xml_signature.signers(document)
    except xml_signature.OtherShape:
        return _other_xml(content, asked)
    if asked.content is not None and not xml_signature.says_the_same(document, asked.content):
        raise Refused("document_differs")
    signers: list[Signer] = []
    evidence: list[Evidence] = []
    for one in found:
        signer, proofs = _judge_xml(content, one, asked)
        signers.append(signer)
        evidence += [proof for proof in proofs if proof not in evidence]
    return of_signers(tuple(signers), tuple(evidence))


def _judge_xml(content: bytes, signer: xml_signature.XmlSigner, asked: Question) -> tuple[Signer, tuple[Evidence, ...]]:
    case = _Case()
    try:
        if not signer.certificates:
            raise Refused("certificate_missing")
        certificate, pool = signer.certificates[0], signer.certificates
        case.found = replace(signer_of(certificate), algorithm=signer.method.rpartition("#")[2])
        if not signer.is_gost:
            xml_signature.check_arithmetic(signer)
        service = partial(_ask_about_xml, content, asked) if signer.is_gost else None
        # XMLDSig has no place for a time of signing.
        _believe(case, certificate, pool, asked, _moment(signer.value, (), None, asked), service)
    except Refused as refused:
        return case.found.refused(refused.reason), tuple(case.proofs)
    except PARSE_ERRORS:
        return case.found.refused("malformed"), ()
    return case.found, tuple(case.proofs)


def _ask_about_xml(content: bytes, asked: Question, moment: dt.datetime) -> None:
    if asked.gost is None:
        raise Refused("gost")
    if asked.gost("/xml/verify", _xml_question(content)):
        return
    raise Refused("verifier_refused" if abs(clock.now() - moment) < dt.timedelta(days=1) else "verifier_now")


def _xml_question(content: bytes) -> dict[str, Any]:
    try:
        return {"xml": content.decode("utf-8"), "revocationCheck": ["OCSP"]}
    except UnicodeDecodeError:
        raise Refused("malformed") from None


def _other_xml(content: bytes, asked: Question) -> Verdict:
    """A shape that is not judged here: only the verification service may say that it is valid."""
    if asked.gost is None:
        return Verdict("xml")
    return Verdict("valid" if asked.gost("/xml/verify", _xml_question(content)) else "verifier_refused")
