"""A frame as the viewer needs it: stored values with what turns them into grey, or a coloured picture.

The browser gets 16-bit values and windows them itself, so that dragging answers at once.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.pixels import apply_color_lut, pixel_array

from ops_app.modules.imaging.pixels import LARGEST_FRAME, CannotShow

Pixels = npt.NDArray[np.generic]

LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91")


@dataclass(frozen=True, slots=True)
class Frame:
    """``about`` says how ``content`` is to be read; samples are little-endian, row by row."""

    about: dict[str, Any]
    content: bytes
    media_type: str


def frame_of(path: Path, number: int, most: int = 4096) -> Frame:
    """Frame ``number`` (from 1), made smaller by a whole factor when a side is longer than ``most``."""
    try:
        dataset = dcmread(path, force=True, defer_size="64 KB")
        frames = int(dataset.get("NumberOfFrames") or 1)
        size = int(dataset.get("Rows") or 0) * int(dataset.get("Columns") or 0)
        samples = int(dataset.get("SamplesPerPixel") or 1)
        if not 1 <= number <= frames or not 0 < size * samples <= LARGEST_FRAME:
            raise CannotShow("the object holds no such picture")
        pixels = pixel_array(path, index=number - 1)
        return _frame(dataset, pixels, number, max(64, most))
    except CannotShow:
        raise
    # whatever a damaged file leads the decoder into, the answer is the same
    except Exception as error:
        raise CannotShow(f"the picture cannot be decoded: {error}") from error


def _frame(dataset: Dataset, pixels: Pixels, number: int, most: int) -> Frame:
    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    groups = _groups(dataset, number)
    spacing, at_detector = _spacing(dataset, groups)
    about: dict[str, Any] = {
        "spacing": spacing,
        "at_detector": at_detector,
        "frame_ms": _frame_ms(dataset),
        "lossy": str(dataset.get("LossyImageCompression", "")) == "01" or _syntax(dataset) in LOSSY,
    }
    if photometric == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    factor = max(1, -(-max(pixels.shape[:2]) // most))
    if factor > 1:
        pixels = pixels[::factor, ::factor]
        if spacing:
            about["spacing"] = [side * factor for side in spacing]
    about |= {"rows": int(pixels.shape[0]), "columns": int(pixels.shape[1]), "factor": factor}
    if pixels.ndim == 3:
        return _coloured(dataset, pixels, about)
    return _grey(dataset, groups, pixels, about, inverted=photometric == "MONOCHROME1")


def _coloured(dataset: Dataset, pixels: Pixels, about: dict[str, Any]) -> Frame:
    if pixels.dtype != np.uint8:
        stored = 16 if "RedPaletteColorLookupTableData" in dataset else int(dataset.get("BitsStored") or 16)
        pixels = np.asarray(np.right_shift(pixels, max(0, stored - 8)), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG", compress_level=1)
    return Frame(about | {"kind": "colour", "windows": []}, written.getvalue(), "image/png")


def _grey(dataset: Dataset, groups: list[Dataset], pixels: Pixels, about: dict[str, Any], *, inverted: bool) -> Frame:
    slope, intercept = _rescale(dataset, groups)
    if pixels.dtype.kind == "f" or pixels.dtype.itemsize > 2:
        # Dose grids and parametric maps: 65,536 steps between the least and the greatest value.
        values = np.nan_to_num(pixels.astype(np.float64))
        low, high = float(values.min()), float(values.max())
        step = (high - low) / 65535 or 1.0
        pixels = np.round((values - low) / step).astype(np.uint16)
        slope, intercept = slope * step, intercept + slope * low
    kind = {"uint8": "u1", "uint16": "u2", "int16": "i2"}.get(pixels.dtype.name)
    if kind is None:
        pixels, kind = pixels.astype(np.int16), "i2"
    about |= {
        "kind": kind,
        "slope": slope,
        "intercept": intercept,
        "inverted": inverted,
        "windows": _windows(dataset, groups),
        "unit": "HU" if str(dataset.get("Modality", "")) == "CT" else "",
    }
    content = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes()
    return Frame(about, content, "application/octet-stream")


def _groups(dataset: Dataset, number: int) -> list[Dataset]:
    """Where an enhanced object keeps what others keep at the top: this frame's group, then the shared one."""
    own = dataset.get("PerFrameFunctionalGroupsSequence")
    shared = dataset.get("SharedFunctionalGroupsSequence")
    found = [own[number - 1]] if own and len(own) >= number else []
    return found + ([shared[0]] if shared else [])


def _from_groups(groups: list[Dataset], sequence: str) -> Dataset | None:
    return next((group[sequence].value[0] for group in groups if sequence in group and group[sequence].value), None)


def _numbers(value: Any) -> list[float]:
    if value is None or value == "":
        return []
    several = value if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
    try:
        return [float(one) for one in several]
    except (TypeError, ValueError):
        return []


def _rescale(dataset: Dataset, groups: list[Dataset]) -> tuple[float, float]:
    source = _from_groups(groups, "PixelValueTransformationSequence") or dataset
    slope, intercept = _numbers(source.get("RescaleSlope")), _numbers(source.get("RescaleIntercept"))
    return (slope[0] if slope and slope[0] else 1.0), (intercept[0] if intercept else 0.0)


def _windows(dataset: Dataset, groups: list[Dataset]) -> list[dict[str, float]]:
    source = _from_groups(groups, "FrameVOILUTSequence") or dataset
    pairs = zip(_numbers(source.get("WindowCenter")), _numbers(source.get("WindowWidth")), strict=False)
    return [{"center": center, "width": width} for center, width in pairs if width >= 1]


def _spacing(dataset: Dataset, groups: list[Dataset]) -> tuple[list[float] | None, bool]:
    """Millimetres between rows and between columns; of a projection they hold at the detector only."""
    measures = _from_groups(groups, "PixelMeasuresSequence")
    for source, name, at_detector in (
        (measures, "PixelSpacing", False),
        (dataset, "PixelSpacing", False),
        (dataset, "ImagerPixelSpacing", True),
        (dataset, "NominalScannedPixelSpacing", True),
    ):
        found = _numbers(source.get(name)) if source is not None else []
        if len(found) == 2 and min(found) > 0:
            return found, at_detector
    return None, False


def _frame_ms(dataset: Dataset) -> float | None:
    found = _numbers(dataset.get("FrameTime"))
    if found and found[0] > 0:
        return found[0]
    rate = _numbers(dataset.get("CineRate")) or _numbers(dataset.get("RecommendedDisplayFrameRate"))
    return 1000 / rate[0] if rate and rate[0] > 0 else None


def _syntax(dataset: Dataset) -> str:
    return str(dataset.file_meta.get("TransferSyntaxUID", "")) if hasattr(dataset, "file_meta") else ""
