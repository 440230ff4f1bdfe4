"""Making signatures with a development identity: CMS, XML, time stamps and OCSP answers."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509 import ocsp
from lxml import etree

from ops_app.kit import clock
from ops_app.mechanisms.signature.development import Authority, Identity


def sign(
    content: bytes,
    identities: Sequence[Identity],
    *,
    detached: bool = True,
    at: dt.datetime | None = None,
    stamped_by: Identity | None = None,
    content_type: str = "data",
) -> bytes:
    """A CMS signature of one or several people over a document."""
    signers = [_signer(content, identity, at or clock.now(), content_type, stamped_by) for identity in identities]
    inside = {"content_type": content_type}
    if not detached:
        kind = core.ParsableOctetString if content_type != "data" else core.OctetString
        inside["content"] = kind(content)
    signed = cms.SignedData(
        {
            "version": "v1" if content_type == "data" else "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": inside,
            "certificates": [identity.asn1 for identity in identities],
            "signer_infos": signers,
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def sign_xml(document: bytes, identities: Sequence[Identity]) -> bytes:
    """A document with enveloped signatures, one after the other, as NCALayer's signXml makes them."""
    root = etree.fromstring(document)
    for identity in identities:
        covered = etree.tostring(root.getroottree(), method="c14n", with_comments=False)
        family = "ecdsa" if isinstance(identity.key, ec.EllipticCurvePrivateKey) else "rsa"
        told = _XML_SIGNATURE.format(
            family=family,
            digest=base64.b64encode(hashlib.sha256(covered).digest()).decode(),
            certificate=base64.b64encode(identity.asn1.dump()).decode(),
        )
        signature = etree.fromstring(told)
        root.append(signature)
        _family, value = _signed(identity.key, etree.tostring(signature[0], method="c14n"))
        if family == "ecdsa":
            size = (identity.key.key_size + 7) // 8
            value = b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(value))
        signature[1].text = base64.b64encode(value).decode()
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="utf-8"))


_XML_SIGNATURE = """\
<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
<ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#{family}-sha256"/>
<ds:Reference URI="">
<ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"/>
</ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
<ds:DigestValue>{digest}</ds:DigestValue>
</ds:Reference>
</ds:SignedInfo>
<ds:SignatureValue></ds:SignatureValue>
<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
</ds:Signature>"""


def stamp(signature: bytes, authority: Identity, at: dt.datetime | None = None, nonce: int | None = None) -> bytes:
    """A time stamp token over a signature."""
    return _token(hashlib.sha256(signature).digest(), authority, at or clock.now(), nonce)


def answer_stamp_question(question: bytes, authority: Identity) -> bytes:
    """What a time stamp service answers to a question (RFC 3161)."""
    asked: Any = tsp.TimeStampReq.load(question)
    imprint = asked["message_imprint"]["hashed_message"].native
    token = _token(imprint, authority, clock.now(), asked["nonce"].native)
    return bytes(
        tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token)}).dump()
    )


def _token(imprint: bytes, authority: Identity, at: dt.datetime, nonce: int | None) -> bytes:
    told = {
        "version": "v1",
        "policy": "1.2.398.3.3.2.6.1",
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": imprint},
        "serial_number": secrets.randbits(64),
        "gen_time": at.replace(microsecond=0),
    }
    if nonce is not None:
        told["nonce"] = nonce
    return sign(tsp.TSTInfo(told).dump(), [authority], detached=False, at=at, content_type="tst_info")


def _signer(
    content: bytes, identity: Identity, at: dt.datetime, content_type: str, stamped_by: Identity | None
) -> cms.SignerInfo:
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": [content_type]},
            {"type": "signing_time", "values": [core.UTCTime(at.replace(microsecond=0))]},
            {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
        ]
    )
    certificate = identity.asn1
    family, signature = _signed(identity.key, attributes.dump())
    about: dict[str, Any] = {
        "version": "v1",
        "sid": {
            "issuer_and_serial_number": {
                "issuer": certificate.issuer,
                "serial_number": certificate.serial_number,
            }
        },
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": f"sha256_{family}"},
        "signature": signature,
    }
    if stamped_by is not None:
        token = cms.ContentInfo.load(stamp(signature, stamped_by, at))
        about["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
    return cms.SignerInfo(about)


def _signed(key: Any, content: bytes) -> tuple[str, bytes]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "ecdsa", key.sign(content, ec.ECDSA(hashes.SHA256()))
    return "rsa", key.sign(content, padding.PKCS1v15(), hashes.SHA256())


def ocsp_answer(
    authority: Authority, identity: Identity, *, at: dt.datetime, revoked_at: dt.datetime | None = None
) -> bytes:
    """What the authority's OCSP service would say about an identity."""
    certificate, issuer = identity.certificate, authority.identity.certificate
    status = ocsp.OCSPCertStatus.REVOKED if revoked_at else ocsp.OCSPCertStatus.GOOD
    built = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            certificate,
            issuer,
            hashes.SHA1(),  # noqa: S303
            status,
            at,
            at + dt.timedelta(hours=1),
            revoked_at,
            x509.ReasonFlags.unspecified if revoked_at else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
        .sign(authority.identity.key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)
