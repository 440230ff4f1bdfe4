"""The arithmetic: which algorithms are verified natively, and whether a signature fits a key."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ops_app.mechanisms.signature.verdict import Refused

GOST_ROOT = "1.2.398.3.10.1"
"""The arc of Kazakhstan's national algorithms: GOST 34.310, 34.311 and their 2015 successors."""

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
"""SHA-1 and MD5 can be forged; a signature that needs them is not believed."""

SHORTEST_RSA = 2048


def is_gost(*identifiers: str) -> bool:
    """Whether any of the algorithms is a national one."""
    return any(identifier.startswith(GOST_ROOT) for identifier in identifiers)


def digest(name: str, content: bytes) -> bytes:
    """The digest of a content, refused when the algorithm is unknown or broken."""
    if is_gost(name):
        raise Refused("gost")
    if name not in HASHES:
        raise Refused("algorithm")
    return hashlib.new(name, content).digest()


def fits(public_key: bytes, algorithm: Any, digest_name: str | None, signature: bytes, message: bytes) -> bool:
    """Whether a signature over a message was made with the private half of a key.

    ``algorithm`` is asn1crypto's SignedDigestAlgorithm; ``digest_name`` is what stands beside it in a
    CMS and must agree with it.
    """
    named = algorithm["algorithm"].native
    if is_gost(named, digest_name or ""):
        raise Refused("gost")
    hash_name, family = _split(named, algorithm, digest_name)
    if hash_name not in HASHES or (digest_name is not None and digest_name != hash_name):
        raise Refused("algorithm")
    chosen = HASHES[hash_name]()
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        raise Refused("algorithm") from None
    try:
        if isinstance(key, rsa.RSAPublicKey) and family in ("rsa", "pss"):
            if key.key_size < SHORTEST_RSA:
                raise Refused("weak_key")
            pads: Any = padding.PKCS1v15()
            if family == "pss":
                salt = int(algorithm["parameters"]["salt_length"].native)
                pads = padding.PSS(padding.MGF1(chosen), salt)
            key.verify(signature, message, pads, chosen)
        elif isinstance(key, ec.EllipticCurvePublicKey) and family == "ecdsa":
            key.verify(signature, message, ec.ECDSA(chosen))
        else:
            raise Refused("algorithm")
    except InvalidSignature:
        return False
    return True


def _split(named: str, algorithm: Any, digest_name: str | None) -> tuple[str | None, str]:
    if named == "rsassa_pss":
        return algorithm["parameters"]["hash_algorithm"]["algorithm"].native, "pss"
    if named == "rsassa_pkcs1v15":
        return digest_name, "rsa"
    hash_name, _, family = named.partition("_")
    return hash_name, family
