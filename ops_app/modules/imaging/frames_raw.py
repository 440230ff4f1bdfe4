"""Single frames as they are stored or as plain samples, for viewers that decode themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.encaps import get_frame

from ops_app.modules.imaging.elements import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE
from ops_app.modules.imaging.pixels import CannotShow, decoded, shares_bytes
from ops_app.modules.imaging.values import Pixels

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
            return f"application/octet-stream; transfer-syntax={EXPLICIT_LITTLE}", _slice(path, number)
        if as_stored and transfer_syntax in MEDIA_TYPES:
            dataset = dcmread(path, force=True)
            content = get_frame(dataset.PixelData, number - 1, number_of_frames=frames)
            return f"{MEDIA_TYPES[transfer_syntax]}; transfer-syntax={transfer_syntax}", content
        header = dcmread(path, force=True, stop_before_pixels=True)
        raw = transfer_syntax in (EXPLICIT_BIG, DEFLATED)
        values = decoded(path, number, transfer_syntax, raw=raw, together=shares_bytes(header))
    # whatever a damaged file leads the decoder into, the answer is the same
    except Exception as error:
        raise CannotShow(f"the frame cannot be read: {error}") from error
    single_bits = header.get("BitsAllocated") == 1
    plain = _packed(values) if single_bits else values.astype(values.dtype.newbyteorder("<")).tobytes()
    return f"application/octet-stream; transfer-syntax={EXPLICIT_LITTLE}", plain


def _packed(bits: Pixels) -> bytes:
    """Eight samples a byte, the first in the lowest bit (PS3.5 8.1.1): as the metadata say of segmentations."""
    return np.packbits(bits.astype(np.uint8).ravel(), bitorder="little").tobytes()


def _slice(path: Path, number: int) -> bytes:
    """The bytes of a frame of uncompressed pixels, without reading the others."""
    dataset = dcmread(path, force=True, defer_size="64 KB")
    # of two neighbours one pair of colours is stored (PS3.3 C.7.6.3.1.2)
    samples = 2 if dataset.PhotometricInterpretation == "YBR_FULL_422" else dataset.SamplesPerPixel
    bits = dataset.Rows * dataset.Columns * samples * dataset.BitsAllocated
    start, beyond = (number - 1) * bits, number * bits
    first, last = start // 8, -(-beyond // 8)
    element = dataset.get_item("PixelData")
    if isinstance(element, RawDataElement):
        with path.open("rb") as file:
            file.seek(element.value_tell + first)
            found = file.read(last - first)
    else:
        found = dataset.PixelData[first:last]
    if len(found) < last - first:
        raise CannotShow("the pixels are cut off")
    if start % 8 == 0 and bits % 8 == 0:
        return found
    # frames of single bits follow each other without a gap; each is sent from its own first bit
    own = np.unpackbits(np.frombuffer(found, np.uint8), bitorder="little")[start - first * 8 : beyond - first * 8]
    return _packed(own)
