"""What stored samples mean: rescaled values, the windows a file proposes, coloured samples of eight bits.

One place for pictures drawn here and for frames that a viewer draws itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut

Pixels = npt.NDArray[np.generic]


def groups_of(dataset: Dataset, number: int) -> list[Dataset]:
    """Where an enhanced object keeps what others keep at the top: this frame's group, then the shared one."""
    own = dataset.get("PerFrameFunctionalGroupsSequence")
    shared = dataset.get("SharedFunctionalGroupsSequence")
    found = [own[number - 1]] if own and len(own) >= number else []
    return found + ([shared[0]] if shared else [])


def from_groups(groups: list[Dataset], sequence: str) -> Dataset | None:
    """The item of a functional group's sequence."""
    return next((group[sequence].value[0] for group in groups if sequence in group and group[sequence].value), None)


def numbers(value: Any) -> list[float]:
    """The numbers of an element, none when it holds something else."""
    if value is None or value == "":
        return []
    several = value if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
    try:
        return [float(one) for one in several]
    except (TypeError, ValueError):
        return []


def rescale_of(dataset: Dataset, groups: list[Dataset]) -> tuple[float, float]:
    """Slope and intercept."""
    source = from_groups(groups, "PixelValueTransformationSequence") or dataset
    slope, intercept = numbers(source.get("RescaleSlope")), numbers(source.get("RescaleIntercept"))
    return (slope[0] if slope and slope[0] else 1.0), (intercept[0] if intercept else 0.0)


def windows_of(dataset: Dataset, groups: list[Dataset]) -> list[tuple[float, float]]:
    """Centres and widths the file proposes, the first one first."""
    source = from_groups(groups, "FrameVOILUTSequence") or dataset
    pairs = zip(numbers(source.get("WindowCenter")), numbers(source.get("WindowWidth")), strict=False)
    return [(center, width) for center, width in pairs if width >= 1]


def rescaled(pixels: Pixels, dataset: Dataset, groups: list[Dataset]) -> npt.NDArray[np.float64]:
    """Values in their unit."""
    if dataset.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(pixels, dataset), dtype=np.float64)
    slope, intercept = rescale_of(dataset, groups)
    return pixels.astype(np.float64) * slope + intercept


def windowed(values: npt.NDArray[np.float64], window: tuple[float, float] | None) -> npt.NDArray[np.uint8]:
    """Grey of eight bits; without a window from the least value to the greatest."""
    if window is None:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        scaled = (values - low) / ((high - low) or 1)
        return np.asarray(np.clip(np.nan_to_num(scaled) * 255, 0, 255), dtype=np.uint8)
    # PS3.3 C.11.2.1.2.1: the linear function, which counts the width in steps
    center, width = window
    if width <= 1:
        return np.where(values > center - 0.5, 255, 0).astype(np.uint8)
    scaled = (values - (center - 0.5)) / (width - 1) + 0.5
    return np.asarray(np.clip(np.nan_to_num(scaled) * 255, 0, 255), dtype=np.uint8)


def colours(pixels: Pixels, dataset: Dataset) -> Pixels | None:
    """Samples of eight bits of a coloured picture, a palette applied; None of a grey one."""
    palette = str(dataset.get("PhotometricInterpretation", "")) == "PALETTE COLOR"
    if palette and pixels.ndim == 2:
        pixels = apply_color_lut(pixels, dataset)
    if pixels.ndim != 3:
        return None
    if pixels.dtype == np.uint8:
        return pixels
    stored = numbers(dataset.get("BitsStored"))
    # a palette fills its samples whatever the indices had
    bits = pixels.dtype.itemsize * 8 if palette else int(stored[0]) if stored else 16
    return np.asarray(np.right_shift(pixels, max(0, bits - 8)), dtype=np.uint8)
