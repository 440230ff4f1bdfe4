"""Stored objects as a browser shows them: a frame with a window as PNG or JPEG, a waveform as numbers.

Nothing here touches the database, and nothing that a file says makes it fail otherwise than with
``CannotShow``.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array

LARGEST_FRAME = 200_000_000
"""Samples of one frame; a file that claims more is refused before memory is taken for it."""
LONGEST_WAVEFORM = 20_000_000

Pixels = npt.NDArray[np.generic]


class CannotShow(Exception):
    """The object has no such picture or signal, or its encoding is one this program cannot decode."""


@dataclass(frozen=True, slots=True)
class WaveformChannel:
    """One lead: values in its unit, None where the device marked padding."""

    label: str
    unit: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class WaveformGroup:
    """Channels sampled together."""

    label: str
    frequency: float
    """Samples a second."""
    channels: tuple[WaveformChannel, ...]


def rendered(
    path: Path,
    frame: int = 1,
    window_center: float | None = None,
    window_width: float | None = None,
    size: tuple[int, int] | None = None,
    media_type: str = "image/png",
) -> bytes:
    """Frame number ``frame`` (from 1) as PNG or JPEG; ``size`` is the box (width, height) it has to fit into.

    Without a window the file's own is used, without that the whole range of values.
    """
    picture = _picture(path, frame, window_center, window_width)
    if size is not None:
        picture.thumbnail((max(1, size[0]), max(1, size[1])))
    written = io.BytesIO()
    if media_type == "image/jpeg":
        picture.save(written, "JPEG", quality=90)
    else:
        picture.save(written, "PNG", compress_level=1)
    return written.getvalue()


def waveform(path: Path) -> tuple[WaveformGroup, ...]:
    """Every multiplex group of a waveform object."""
    dataset = _read(path, defer=False)
    if "WaveformSequence" not in dataset:
        raise CannotShow("the object holds no waveform")
    try:
        return tuple(_group(dataset, index) for index in range(len(dataset.WaveformSequence)))
    except CannotShow:
        raise
    # whatever a damaged file leads the decoder into, the answer is the same
    except Exception as error:
        raise CannotShow(f"the waveform cannot be read: {error}") from error


def _group(dataset: Dataset, index: int) -> WaveformGroup:
    group = dataset.WaveformSequence[index]
    samples, channels = int(group.NumberOfWaveformSamples), int(group.NumberOfWaveformChannels)
    if samples * channels > LONGEST_WAVEFORM:
        raise CannotShow("the waveform is too long to be shown")
    values = dataset.waveform_array(index)
    return WaveformGroup(
        label=str(group.get("MultiplexGroupLabel", "")),
        frequency=float(group.SamplingFrequency),
        channels=tuple(
            _channel(definition, values[:, number]) for number, definition in enumerate(group.ChannelDefinitionSequence)
        ),
    )


def _channel(definition: Dataset, values: Pixels) -> WaveformChannel:
    source = definition.get("ChannelSourceSequence")
    unit = definition.get("ChannelSensitivityUnitsSequence")
    return WaveformChannel(
        label=str(source[0].get("CodeMeaning", "")) if source else str(definition.get("ChannelLabel", "")),
        unit=str(unit[0].get("CodeValue", "")) if unit else "",
        values=tuple(float(value) if np.isfinite(value) else None for value in values),
    )


def _read(path: Path, defer: bool = True) -> Dataset:
    try:
        return dcmread(path, force=True, defer_size="64 KB" if defer else None)
    except Exception as error:
        raise CannotShow(f"the file cannot be read: {error}") from error


def _picture(path: Path, frame: int, center: float | None, width: float | None) -> Image.Image:
    dataset = _read(path)
    frames = _whole(dataset, "NumberOfFrames") or 1
    if not 1 <= frame <= frames:
        raise CannotShow(f"the object has {frames} frames")
    samples = (
        (_whole(dataset, "Rows") or 0) * (_whole(dataset, "Columns") or 0) * (_whole(dataset, "SamplesPerPixel") or 1)
    )
    if not 0 < samples <= LARGEST_FRAME:
        raise CannotShow("the object holds no picture")
    try:
        pixels = pixel_array(path, index=frame - 1)
        return _shown(dataset, pixels, center, width)
    except Exception as error:
        raise CannotShow(f"the picture cannot be decoded: {error}") from error


def _shown(dataset: Dataset, pixels: Pixels, center: float | None, width: float | None) -> Image.Image:
    if pixels.ndim == 3:
        return Image.fromarray(_to_bytes(pixels, dataset))
    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    if photometric == "PALETTE COLOR":
        return Image.fromarray(_to_bytes(apply_color_lut(pixels, dataset), dataset))
    values = np.asarray(apply_modality_lut(pixels, dataset), dtype=np.float64)
    grey = _windowed(dataset, values, center, width)
    return Image.fromarray(255 - grey if photometric == "MONOCHROME1" else grey)


def _windowed(dataset: Dataset, values: npt.NDArray[np.float64], center: float | None, width: float | None) -> Pixels:
    if center is None or width is None:
        center, width = _own_window(dataset)
    if center is None or width is None:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        scaled = (values - low) / ((high - low) or 1)
        return np.asarray(np.clip(np.nan_to_num(scaled) * 255, 0, 255), dtype=np.uint8)
    # PS3.3 C.11.2.1.2.1: the linear function, which counts the width in steps
    if width <= 1:
        return np.where(values > center - 0.5, 255, 0).astype(np.uint8)
    scaled = (values - (center - 0.5)) / (width - 1) + 0.5
    return np.asarray(np.clip(np.nan_to_num(scaled) * 255, 0, 255), dtype=np.uint8)


def _own_window(dataset: Dataset) -> tuple[float | None, float | None]:
    center, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if center is None or width is None:
        return None, None
    try:
        first = [value if isinstance(value, int | float | str) else value[0] for value in (center, width)]
        return float(first[0]), float(first[1])
    except (TypeError, ValueError, IndexError):
        return None, None


def _to_bytes(pixels: Pixels, dataset: Dataset) -> Pixels:
    if pixels.dtype == np.uint8:
        return pixels
    palette = str(dataset.get("PhotometricInterpretation")) == "PALETTE COLOR"
    bits = pixels.dtype.itemsize * 8 if palette else _whole(dataset, "BitsStored") or 16
    return np.asarray(np.right_shift(pixels, max(0, bits - 8)), dtype=np.uint8)


def _whole(dataset: Dataset, keyword: str) -> int | None:
    try:
        value = dataset.get(keyword)
        return int(value) if value is not None else None
    except (TypeError, ValueError):
        return None
