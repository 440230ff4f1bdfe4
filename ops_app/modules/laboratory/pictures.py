"""Pictures of results: whether one can be read, and its size for print."""

from __future__ import annotations

import hashlib
import io
import warnings

from PIL import Image, ImageOps

MOST_PIXELS = 60_000_000
PRINTED_PIXELS = 1600
"""The longer side in a document: 170 mm of paper at 240 dots an inch."""


class Unreadable(ValueError):
    """No picture, a damaged one, or one of more pixels than anybody needs."""


def opened(content: bytes) -> Image.Image:
    """The picture, upright, decoded to its end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            found = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
            if found.width * found.height > MOST_PIXELS:
                raise Unreadable("too many pixels")
            return ImageOps.exif_transpose(found)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(str(error)) from error


def for_print(content: bytes) -> tuple[str, bytes]:
    """Name and bytes of a picture for a document: no larger than paper shows, without what a camera adds."""
    picture = opened(content)
    picture.thumbnail((PRINTED_PIXELS, PRINTED_PIXELS), Image.Resampling.LANCZOS)
    flat = Image.new("RGB", picture.size, "white")
    coloured = picture.convert("RGBA")
    flat.paste(coloured, mask=coloured.getchannel("A"))
    written = io.BytesIO()
    flat.save(written, "JPEG", quality=88)
    return f"{hashlib.sha256(content).hexdigest()[:24]}.jpg", written.getvalue()
