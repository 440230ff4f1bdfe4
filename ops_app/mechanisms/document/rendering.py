"""Setting a document: template, frozen data and the QR code of its check page make one PDF."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import segno
import typst

from ops_app.mechanisms.document.declaration import FOLDER, Declaration


def render(
    declared: Declaration,
    language: str,
    data: Mapping[str, Any],
    check_url: str,
    pictures: Mapping[str, bytes] | None = None,
) -> bytes:
    """The PDF; the same data and pictures give the same bytes. The template finds a picture by its name."""
    texts = {name: titles.of(language) for name, titles in declared.labels.items()}
    whole = {
        "language": language,
        "title": declared.title.of(language),
        "labels": texts,
        "check_url": check_url,
        **data,
    }
    files = {
        "main.typ": declared.template.read_bytes(),
        "sheet.typ": (FOLDER / "sheet.typ").read_bytes(),
        "data.json": json.dumps(whole, ensure_ascii=False).encode(),
        "qr.svg": qr_code(check_url),
        **(pictures or {}),
    }
    # files given in memory must be text; pictures are not
    with tempfile.TemporaryDirectory(prefix="saulyq-document-") as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        # Only the fonts in the wheel: a document looks the same on every machine.
        return bytes(typst.compile(Path(folder, "main.typ"), ignore_system_fonts=True))


def qr_code(text: str) -> bytes:
    """A QR code as SVG."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", border=2)
    return drawn.getvalue()


def sha256(content: bytes) -> str:
    """The hash a stored file is known by."""
    return hashlib.sha256(content).hexdigest()
