"""The folder of trusted authorities: certificates of CAs, CRLs and OCSP answers in PEM or DER."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from asn1crypto import crl, ocsp, pem, x509

from saulyq.settings import Settings

log = logging.getLogger(__name__)

LARGEST = 128 * 2**20
"""The CRL of a national authority has tens of megabytes."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom we believe, and what they said about revoked certificates."""

    anchors: tuple[Any, ...] = ()
    crls: tuple[Any, ...] = ()
    answers: tuple[Any, ...] = ()
    """Basic OCSP responses."""

    def joined(self, other: Trust) -> Trust:
        """Both together."""
        return Trust(self.anchors + other.anchors, self.crls + other.crls, self.answers + other.answers)


def folders_of(current: Settings) -> list[Path]:
    """Where this installation keeps its authorities; the development one counts outside production only."""
    from saulyq.settings import Mode

    folders = [current.eds_trust or current.home / "eds" / "trust"]
    if current.mode is not Mode.production:
        folders.append(development_folder(current))
    return folders


def development_folder(current: Settings) -> Path:
    """What the development authority publishes."""
    return current.home / "eds" / "development" / "published"


def load(folders: Iterable[Path]) -> Trust:
    """Read every file of the folders; one that holds nothing of use is named in the log and left out."""
    found = Trust()
    for folder in folders:
        if folder.is_file():
            found = found.joined(_read(folder))
        elif folder.is_dir():
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                found = found.joined(_read(file))
    return found


def _read(file: Path) -> Trust:
    about = file.stat()
    return _parsed(file, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=256)
def _parsed(file: Path, _modified: int, size: int) -> Trust:
    if size > LARGEST:
        log.warning("%s is too large for a certificate, CRL or OCSP answer", file)
        return Trust()
    anchors, crls, answers = [], [], []
    for block in _blocks(file.read_bytes()):
        if (certificate := parsed(x509.Certificate, block)) is not None:
            # Only authorities are anchors: a person's certificate left in the folder proves nothing.
            if certificate.ca:
                anchors.append(certificate)
        elif (revoked := parsed(crl.CertificateList, block)) is not None:
            crls.append(revoked)
        elif (answer := parsed(ocsp.OCSPResponse, block)) is not None:
            if answer["response_status"].native == "successful":
                answers.append(answer.basic_ocsp_response)
        else:
            log.warning("%s holds no certificate, CRL or OCSP answer", file)
    return Trust(tuple(anchors), tuple(crls), tuple(answers))


def _blocks(content: bytes) -> Iterator[bytes]:
    if not pem.detect(content):
        yield content
        return
    try:
        yield from (block for _kind, _headers, block in pem.unarmor(content, multiple=True))
    except ValueError:
        return


PARSE_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What asn1crypto raises on bytes that are not what they say; it has no class of its own for that."""


def parsed(kind: Any, content: bytes) -> Any | None:
    """The bytes as this ASN.1 type, read to the bottom; None when they are something else."""
    try:
        value = kind.load(content, strict=True)
        if kind is x509.Certificate:
            _ = (value.subject.native, value.issuer.native, value.ca, value.not_valid_after, value.critical_extensions)
        elif kind is crl.CertificateList:
            _ = (value.issuer.native, value["tbs_cert_list"]["this_update"].native)
        elif kind is ocsp.OCSPResponse and value["response_status"].native == "successful":
            _ = value.basic_ocsp_response["tbs_response_data"].native
    except PARSE_ERRORS:
        return None
    return value
