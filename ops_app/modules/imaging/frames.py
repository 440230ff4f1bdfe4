"""A frame as the viewer needs it: stored values with what turns them into grey, or a coloured picture.

The browser gets 16-bit values and windows them itself, so that dragging answers at once.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom import Dataset

from ops_app.modules.imaging.pixels import decoding, stored_frame
from ops_app.modules.imaging.values import Pixels, colours, from_groups, groups_of, numbers, rescale_of, windows_of

LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91")


@dataclass(frozen=True, slots=True)
class Frame:
    """``about`` says how ``content`` is to be read; samples are little-endian, row by row."""

    about: dict[str, Any]
    content: bytes
    media_type: str


def frame_of(path: Path, number: int, most: int = 4096) -> Frame:
    """Frame ``number`` (from 1), made smaller by a whole factor when a side is longer than ``most``."""
    dataset, pixels = stored_frame(path, number)
    with decoding():
        return _frame(dataset, pixels, number, max(64, most))


def _frame(dataset: Dataset, pixels: Pixels, number: int, most: int) -> Frame:
    groups = groups_of(dataset, number)
    spacing, at_detector = _spacing(dataset, groups)
    about: dict[str, Any] = {
        "spacing": spacing,
        "at_detector": at_detector,
        "frame_ms": _frame_ms(dataset),
        "lossy": str(dataset.get("LossyImageCompression", "")) == "01" or _syntax(dataset) in LOSSY,
    }
    factor = max(1, -(-max(pixels.shape[:2]) // most))
    if factor > 1:
        pixels = pixels[::factor, ::factor]
        if spacing:
            about["spacing"] = [side * factor for side in spacing]
    about |= {"rows": int(pixels.shape[0]), "columns": int(pixels.shape[1]), "factor": factor}
    coloured = colours(pixels, dataset)
    if coloured is not None:
        written = io.BytesIO()
        Image.fromarray(coloured).save(written, "PNG", compress_level=1)
        return Frame(about | {"kind": "colour", "windows": []}, written.getvalue(), "image/png")
    inverted = str(dataset.get("PhotometricInterpretation", "")) == "MONOCHROME1"
    return _grey(dataset, groups, pixels, about, inverted=inverted)


def _grey(dataset: Dataset, groups: list[Dataset], pixels: Pixels, about: dict[str, Any], *, inverted: bool) -> Frame:
    slope, intercept = rescale_of(dataset, groups)
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
        "windows": [{"center": center, "width": width} for center, width in windows_of(dataset, groups)],
        "unit": "HU" if str(dataset.get("Modality", "")) == "CT" else "",
    }
    content = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes()
    return Frame(about, content, "application/octet-stream")


def _spacing(dataset: Dataset, groups: list[Dataset]) -> tuple[list[float] | None, bool]:
    """Millimetres between rows and between columns; of a projection they hold at the detector only."""
    measures = from_groups(groups, "PixelMeasuresSequence")
    for source, name, at_detector in (
        (measures, "PixelSpacing", False),
        (dataset, "PixelSpacing", False),
        (dataset, "ImagerPixelSpacing", True),
        (dataset, "NominalScannedPixelSpacing", True),
    ):
        found = numbers(source.get(name)) if source is not None else []
        if len(found) == 2 and min(found) > 0:
            return found, at_detector
    return None, False


def _frame_ms(dataset: Dataset) -> float | None:
    found = numbers(dataset.get("FrameTime"))
    if found and found[0] > 0:
        return found[0]
    rate = numbers(dataset.get("CineRate")) or numbers(dataset.get("RecommendedDisplayFrameRate"))
    return 1000 / rate[0] if rate and rate[0] > 0 else None


def _syntax(dataset: Dataset) -> str:
    return str(dataset.file_meta.get("TransferSyntaxUID", "")) if hasattr(dataset, "file_meta") else ""
