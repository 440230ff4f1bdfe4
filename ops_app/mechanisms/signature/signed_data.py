"""Reading a CMS SignedData (RFC 5652) and checking the arithmetic of one signer."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from asn1crypto import cms, core, crl, ocsp, pem

from ops_app.mechanisms.signature.algorithms import digest, fits, is_gost
from ops_app.mechanisms.signature.trust import PARSE_ERRORS, Trust
from ops_app.mechanisms.signature.verdict import Refused

TIME_STAMP = "signature_time_stamp_token"
REVOCATION_VALUES = "1.2.840.113549.1.9.16.2.24"
SIGNED_DATA_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

_VERSIONS = ("v1", "v3", "v4", "v5")


class _Crls(core.SequenceOf):  # type: ignore[misc]
    _child_spec = crl.CertificateList


class _Answers(core.SequenceOf):  # type: ignore[misc]
    _child_spec = ocsp.BasicOCSPResponse


class _RevocationValues(core.Sequence):  # type: ignore[misc]
    """CAdES-X long: the evidence that the signer put beside the signature (ETSI EN 319 122)."""

    _fields = [
        ("crls", _Crls, {"explicit": 0, "optional": True}),
        ("answers", _Answers, {"explicit": 1, "optional": True}),
        ("other", core.Any, {"explicit": 2, "optional": True}),
    ]


def unwrapped(content: bytes) -> bytes:
    """The DER inside PEM or base64, or the bytes as they are."""
    head = content[:64].lstrip()
    if head.startswith(b"-----BEGIN"):
        try:
            return bytes(pem.unarmor(content.lstrip())[2])
        except ValueError:
            raise Refused("truncated" if b"-----END" not in content else "malformed") from None
    if head.startswith(b"MI") and re.fullmatch(rb"[A-Za-z0-9+/=\s]+", content):
        try:
            return base64.b64decode(content, validate=False)
        except binascii.Error:
            raise Refused("truncated") from None
    return content


def looks_signed(content: bytes) -> bool:
    """Whether the bytes begin as a ContentInfo that holds SignedData."""
    return content[:1] == b"\x30" and SIGNED_DATA_OID in content[:24]


def read(content: bytes) -> Any:
    """The SignedData in these bytes."""
    if not looks_signed(content):
        raise Refused("not_a_signature")
    try:
        info = cms.ContentInfo.load(content, strict=True)
        signed = info["content"]
        _ = (signed["version"].native, len(signed["signer_infos"]), signed["encap_content_info"]["content"].native)
    except PARSE_ERRORS as error:
        raise Refused("truncated" if _too_short(content, error) else "malformed") from None
    if signed["version"].native not in _VERSIONS:
        raise Refused("malformed")
    return signed


def _too_short(content: bytes, error: Exception) -> bool:
    return "nsufficient data" in str(error) or (content[1:2] == b"\x80" and not content.endswith(b"\x00\x00"))


def embedded(signed: Any) -> bytes | None:
    """The document inside, None for a detached signature."""
    inside = signed["encap_content_info"]["content"]
    if isinstance(inside, core.Void) or inside.native is None:
        return None
    if isinstance(inside, core.ParsableOctetString | core.OctetString):
        return bytes(inside)
    raise Refused("malformed")


def certificates(signed: Any) -> list[Any]:
    """The X.509 certificates that travel with the signature."""
    return [one.chosen for one in _present(signed["certificates"]) if one.name == "certificate"]


def enclosed(signed: Any) -> Trust:
    """CRLs and OCSP answers that travel with the signature; authorities never do."""
    crls: list[Any] = []
    answers: list[Any] = []
    for one in _present(signed["crls"]):
        if isinstance(one.chosen, crl.CertificateList):
            crls.append(one.chosen)
    for signer in signed["signer_infos"]:
        for value in _unsigned(signer, REVOCATION_VALUES):
            held = _RevocationValues.load(value.dump(), strict=True)
            crls += list(held["crls"] or [])
            answers += list(held["answers"] or [])
    return Trust((), tuple(crls), tuple(answers))


def _present(optional: Any) -> list[Any]:
    # Never through .native: it reads keys of all certificates, and asn1crypto knows no GOST key.
    return [] if isinstance(optional, core.Void) else list(optional)


def stamps(signer: Any) -> list[bytes]:
    """Time stamp tokens over the signature."""
    return [value.dump() for value in _unsigned(signer, TIME_STAMP)]


def _unsigned(signer: Any, kind: str) -> Iterator[Any]:
    for attribute in _present(signer["unsigned_attrs"]):
        if attribute["type"].native == kind:
            yield from attribute["values"]


def certificate_of(signer: Any, pool: list[Any]) -> Any:
    """The certificate that the signer names."""
    identity = signer["sid"]
    for certificate in pool:
        if identity.name == "issuer_and_serial_number":
            named = identity.chosen
            if certificate.issuer == named["issuer"] and certificate.serial_number == named["serial_number"].native:
                return certificate
        elif certificate.key_identifier == identity.chosen.native:
            return certificate
    raise Refused("certificate_missing")


def attribute(signer: Any, kind: str) -> Any | None:
    """The one value of a signed attribute; a repeated attribute is an attempt to be misread."""
    found = [one for one in _present(signer["signed_attrs"]) if one["type"].native == kind]
    if not found:
        return None
    if len(found) > 1 or len(found[0]["values"]) != 1:
        raise Refused("malformed")
    return found[0]["values"][0]


def algorithms(signer: Any) -> tuple[str, str]:
    """Names of the digest and the signature algorithm."""
    return signer["digest_algorithm"]["algorithm"].native, signer["signature_algorithm"]["algorithm"].native


def check_arithmetic(signed: Any, signer: Any, certificate: Any, content: bytes | None) -> None:
    """Refuse a signature that does not fit the document, the attributes or the certificate."""
    if not _present(signer["signed_attrs"]):
        # Without attributes the bytes of somebody's attributes could be shown as a document.
        raise Refused("no_signed_attributes")
    kind, said = attribute(signer, "content_type"), attribute(signer, "message_digest")
    if kind is None or said is None:
        raise Refused("no_signed_attributes")
    if kind.native != signed["encap_content_info"]["content_type"].native:
        raise Refused("malformed")
    digest_name, signature_name = algorithms(signer)
    if is_gost(digest_name, signature_name):
        raise Refused("gost")
    if content is None:
        raise Refused("content_missing")
    if digest(digest_name, content) != said.native:
        raise Refused("document_differs")
    _check_named_certificate(signer, certificate)
    # The attributes are signed as a SET, they travel under the tag [0].
    covered = b"\x31" + signer["signed_attrs"].dump()[1:]
    key, signature = certificate.public_key.dump(), signer["signature"].native
    if not fits(key, signer["signature_algorithm"], digest_name, signature, covered):
        raise Refused("signature_broken")


def _check_named_certificate(signer: Any, certificate: Any) -> None:
    named = attribute(signer, "signing_certificate_v2")
    if named is None:
        return
    first = named["certs"][0]
    name = first["hash_algorithm"]["algorithm"].native
    if is_gost(name):
        return
    if digest(name, certificate.dump()) != first["cert_hash"].native:
        raise Refused("wrong_certificate")
