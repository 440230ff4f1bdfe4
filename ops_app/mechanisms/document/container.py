"""A document with all its signatures and evidence in one zip, laid out like ASiC (ETSI EN 319 162)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field

from ops_app.mechanisms.document.rendering import sha256

SUFFIXES = {"certificate": "cer", "crl": "crl", "ocsp": "ocsp", "time_stamp": "tst"}
MOMENT = (1980, 1, 1, 0, 0, 0)
"""Every entry has the same date, so that the same document gives the same container."""


@dataclass(frozen=True)
class Signed:
    """A detached signature over the document, with what it was accepted on."""

    cms: bytes
    evidence: Sequence[tuple[str, bytes]] = field(default=())


def pack(name: str, pdf: bytes, signatures: Sequence[Signed]) -> bytes:
    """The container: signature001.p7s signs the document, byte for byte."""
    files: dict[str, bytes] = {f"{name}.pdf": pdf}
    manifest: list[dict[str, str]] = []
    for position, signed in enumerate(signatures, 1):
        signature = f"META-INF/signature{position:03d}.p7s"
        files[signature] = signed.cms
        manifest.append({"signature": signature, "signs": f"{name}.pdf"})
        for number, (kind, content) in enumerate(signed.evidence, 1):
            files[f"META-INF/evidence{position:03d}/{number:02d}.{SUFFIXES[kind]}"] = content
    about = {"signatures": manifest, "sha256": {path: sha256(content) for path, content in files.items()}}
    files["META-INF/manifest.json"] = json.dumps(about, ensure_ascii=False, indent=1).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()
