"""multipart/related bodies of DICOMweb, both ways (PS3.18 chapter 8.6, RFC 2387)."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

LARGEST_PART = 4 << 30
MOST_PARTS = 5_000


class BadBody(Exception):
    """The body is not what its content type promises."""


class TooLarge(BadBody):
    """A part is larger than any object."""


def parameters_of(content_type: str) -> tuple[str, dict[str, str]]:
    """The media type and its parameters."""
    parsed = Message()
    parsed["content-type"] = content_type
    return parsed.get_content_type(), {name.lower(): value for name, value in parsed.get_params([])[1:]}


async def received(stream: AsyncIterator[bytes], boundary: str, folder: Path) -> list[Path]:
    """Write each part into a file of its own while it arrives; the caller removes them."""
    writing = _Parts(folder)
    try:
        parser = MultipartParser(boundary.encode("latin-1"), writing.callbacks())
        async for piece in stream:
            parser.write(piece)
        parser.finalize()
    except (FormParserError, UnicodeEncodeError) as error:
        writing.discard()
        raise BadBody(str(error)) from error
    except BaseException:
        writing.discard()
        raise
    if writing.is_open:
        writing.discard()
        raise BadBody("the last part has no end")
    if not writing.paths:
        raise BadBody("the body has no parts")
    return writing.paths


class _Parts:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Any = None
        self.paths: list[Path] = []

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def callbacks(self) -> Any:
        return {"on_part_begin": self._begin, "on_part_data": self._add, "on_part_end": self._end}

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        for path in self.paths:
            path.unlink(missing_ok=True)

    def _begin(self) -> None:
        if len(self.paths) >= MOST_PARTS:
            raise BadBody("too many parts")
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".dcm")
        self._file = os.fdopen(handle, "wb")
        self.paths.append(Path(name))

    def _add(self, data: bytes, start: int, end: int) -> None:
        self._file.write(data[start:end])
        if self._file.tell() > LARGEST_PART:
            raise TooLarge("a part is too large")

    def _end(self) -> None:
        self._file.close()
        self._file = None


class Related:
    """A body to send: parts with a content type and a location each."""

    def __init__(self, media_type: str) -> None:
        self.boundary = secrets.token_hex(16)
        self.content_type = f'multipart/related; type="{media_type}"; boundary={self.boundary}'

    def body(self, parts: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
        """The parts as they go over the network: content type and content."""
        for content_type, content in parts:
            yield f"--{self.boundary}\r\nContent-Type: {content_type}\r\n\r\n".encode()
            yield content
            yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode()
