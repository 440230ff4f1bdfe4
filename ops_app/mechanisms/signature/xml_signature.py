"""Reading XML signatures as NCALayer's signXml makes them: enveloped, at the end of the document (XMLDSig 1.1).

Only that one shape is judged here. Everything freer (references by id, filters, objects inside the signature) is
how documents are shown that nobody signed, and is left to the verification service.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from asn1crypto import algos, x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from ops_app.mechanisms.signature.algorithms import digest, fits
from ops_app.mechanisms.signature.trust import PARSE_ERRORS
from ops_app.mechanisms.signature.verdict import Refused

DSIG = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = DSIG + "enveloped-signature"
COMMENTS = "#WithComments"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n"
CANONICAL = {
    INCLUSIVE: False,
    INCLUSIVE + COMMENTS: False,
    EXCLUSIVE + "#": True,
    EXCLUSIVE + COMMENTS: True,
}
"""Methods of canonical XML, and whether each is the exclusive one."""
METHOD = re.compile(r"http://www\.w3\.org/2001/04/xmldsig-more#(rsa|ecdsa)-(sha256|sha384|sha512)")
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
XML_NAMESPACE = "{http://www.w3.org/XML/1998/namespace}"

LOOKS_SIGNED = re.compile(rb"<(?:[\w.-]+:)?Signature[\s>][^<]*|http://www\.w3\.org/2000/09/xmldsig#")


class OtherShape(Exception):
    """A signature of a form that is not judged here."""


@dataclass(frozen=True)
class XmlSigner:
    """One signature of a document."""

    method: str
    digest_method: str
    said: bytes
    """The digest of the document, as the signature states it."""
    value: bytes
    certificates: list[Any]
    element: Any
    document: Any

    @property
    def is_gost(self) -> bool:
        """Whether it is made with a national algorithm."""
        return "gost" in (self.method + self.digest_method).lower()


def looks_like_xml(content: bytes) -> bool:
    """Whether these bytes are XML that speaks of a signature."""
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and LOOKS_SIGNED.search(content) is not None


def parse(content: bytes) -> Any:
    """The document; no entity is expanded and nothing is fetched."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Refused("malformed") from None
    document = root.getroottree()
    if document.docinfo.internalDTD is not None:
        raise OtherShape
    return document


def signers(document: Any) -> list[XmlSigner]:
    """The signatures in the order they were given."""
    root = document.getroot()
    own = [child for child in root if child.tag == _name("Signature")]
    if not own or len(own) != sum(1 for _each in root.iter(_name("Signature"))):
        raise OtherShape
    return [_signer(document, element) for element in own]


def _name(local: str) -> str:
    return f"{{{DSIG}}}{local}"


def _children(element: Any, *names: str) -> list[Any]:
    """The children, which must be exactly these."""
    found = list(element)
    if [child.tag for child in found] != [_name(name) for name in names]:
        raise OtherShape
    return found


def _signer(document: Any, element: Any) -> XmlSigner:
    info, value, key = _children(element, "SignedInfo", "SignatureValue", "KeyInfo")
    canonical, method, reference = _children(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    transforms, digest_method, said = _children(reference, "Transforms", "DigestMethod", "DigestValue")
    names = [transform.get("Algorithm") for transform in transforms]
    if reference.get("URI") != "" or canonical.get("Algorithm") not in CANONICAL:
        raise OtherShape
    if names[:1] != [ENVELOPED] or len(names) > 2 or any(name not in CANONICAL for name in names[1:]):
        raise OtherShape
    if any(len(each) for each in (canonical, method, digest_method, *transforms)):
        # Parameters (prefixes, filters) change what is covered.
        raise OtherShape
    if any(name.startswith(XML_NAMESPACE) for name in document.getroot().attrib):
        # Canonical XML hands these down to the signed part; libxml2 does not.
        raise OtherShape
    return XmlSigner(
        method.get("Algorithm") or "",
        digest_method.get("Algorithm") or "",
        _decoded(said),
        _decoded(value),
        list(_certificates(key)),
        element,
        document,
    )


def _decoded(element: Any) -> bytes:
    if len(element):
        raise OtherShape
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("malformed") from None


def _certificates(key: Any) -> Iterator[Any]:
    for element in key.iter(_name("X509Certificate")):
        try:
            certificate = x509.Certificate.load(_decoded(element), strict=True)
            _ = certificate.serial_number
        except PARSE_ERRORS:
            raise Refused("malformed") from None
        yield certificate


def check_arithmetic(signer: XmlSigner) -> None:
    """Refuse a signature that does not fit the document or the certificate."""
    if signer.is_gost:
        raise Refused("gost")
    method = METHOD.fullmatch(signer.method)
    name = DIGESTS.get(signer.digest_method)
    if method is None or name is None:
        raise Refused("algorithm")
    info = signer.element[0]
    if signer.said not in {digest(name, covered) for covered in _covered(signer, info[2][0])}:
        raise Refused("document_differs")
    family, hash_name = method.groups()
    value = signer.value
    if family == "ecdsa":
        # XMLDSig writes the two numbers side by side, everyone else as DER.
        half = len(value) // 2
        if not half or len(value) % 2:
            raise Refused("malformed")
        value = encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
    algorithm = algos.SignedDigestAlgorithm({"algorithm": f"{hash_name}_{family}"})
    message = _canonical(info, info[0].get("Algorithm"), comments=info[0].get("Algorithm").endswith(COMMENTS))
    if not fits(signer.certificates[0].public_key.dump(), algorithm, None, value, message):
        raise Refused("signature_broken")


def _covered(signer: XmlSigner, transforms: Any) -> Iterator[bytes]:
    """What the digest was taken of: the document before this signature was put into it."""
    method = transforms[1].get("Algorithm") if len(transforms) > 1 else INCLUSIVE
    document = without_signatures(signer.document, first=signer.element)
    yield _canonical(document, method, comments=False)
    if method.endswith(COMMENTS):
        # An empty URI leaves comments out, yet not every program does.
        yield _canonical(document, method, comments=True)


def without_signatures(document: Any, first: Any = None) -> Any:
    """A copy of the document without its signatures, or without this one and those given after it."""
    own = [child for child in document.getroot() if child.tag == _name("Signature")]
    start = own.index(first) if first is not None else 0
    copy = deepcopy(document)
    root = copy.getroot()
    for element in [child for child in root if child.tag == _name("Signature")][start:]:
        _remove(root, element)
    return copy


def _remove(root: Any, element: Any) -> None:
    """Take an element away and leave the text behind it."""
    before = element.getprevious()
    if element.tail:
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            root.text = (root.text or "") + element.tail
    element.tail = None
    root.remove(element)


def _canonical(part: Any, method: str, *, comments: bool) -> bytes:
    return bytes(etree.tostring(part, method="c14n", exclusive=CANONICAL[method], with_comments=comments))


def says_the_same(document: Any, content: bytes) -> bool:
    """Whether a document given beside the signature is the one inside it."""
    try:
        other = parse(content)
    except (Refused, OtherShape):
        return False
    mine, yours = (_canonical(without_signatures(each), INCLUSIVE, comments=True) for each in (document, other))
    return mine == yours
