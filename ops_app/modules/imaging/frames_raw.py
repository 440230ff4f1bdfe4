"""Single frames as they are stored or as plain samples, for viewers that decode themselves."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.encaps import get_frame

from ops_app.modules.imaging.elements import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from ops_app.modules.imaging.pixels import CannotShow, decoded

MEDIA_TYPES = {
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
}
PLAIN = (IMPLICIT_LITTLE, EXPLICIT_LITTLE)


def frame_of(path: Path, number: int, frames: int, transfer_syntax: str, as_stored: bool) -> tuple[str, bytes]:
    """Content type and bytes of a frame, counted from 1."""
    if not 1 <= number <= frames:
        raise CannotShow(f"the object has {frames} frames")
    try:
        if transfer_syntax in PLAIN:
            plain = _slice(path, number)
            if plain is not None:
                return f"application/octet-stream; transfer-syntax={EXPLICIT_LITTLE}", plain
        elif as_stored and transfer_syntax in MEDIA_TYPES:
            dataset = dcmread(path, force=True)
            content = get_frame(dataset.PixelData, number - 1, number_of_frames=frames)
            return f"{MEDIA_TYPES[transfer_syntax]}; transfer-syntax={transfer_syntax}", content
        values = decoded(path, number, transfer_syntax, raw=transfer_syntax in (EXPLICIT_BIG, DEFLATED))
    # whatever a damaged file leads the decoder into, the answer is the same
    except Exception as error:
        raise CannotShow(f"the frame cannot be read: {error}") from error
    return f"application/octet-stream; transfer-syntax={EXPLICIT_LITTLE}", values.astype(
        values.dtype.newbyteorder("<")
    ).tobytes()


def _slice(path: Path, number: int) -> bytes | None:
    """The bytes of a frame of uncompressed pixels, without reading the others."""
    dataset = dcmread(path, force=True, defer_size="64 KB")
    bits = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated
    element = dataset.get_item("PixelData")
    if bits % 8 or not isinstance(element, RawDataElement):
        return None
    length = bits // 8
    with path.open("rb") as file:
        file.seek(element.value_tell + (number - 1) * length)
        found = file.read(length)
    if len(found) < length:
        raise CannotShow("the pixels are cut off")
    return found
