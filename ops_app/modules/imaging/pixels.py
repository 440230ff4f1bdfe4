"""Stored objects as a browser shows them: a frame with a window as PNG or JPEG, a waveform as numbers.

Nothing here touches the database, and nothing that a file says makes it fail otherwise than with
``CannotShow``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.pixels import pixel_array

from ops_app.modules.imaging.elements import DEFLATED
from ops_app.modules.imaging.values import Pixels, colours, groups_of, rescaled, windowed, windows_of

LARGEST_FRAME = 200_000_000
"""Samples of one frame; a file that claims more is refused before memory is taken for it."""
LONGEST_WAVEFORM = 20_000_000


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


def stored_frame(path: Path, number: int) -> tuple[Dataset, Pixels]:
    """The header of a file and the samples of one of its frames, counted from 1."""
    dataset = _read(path)
    frames = _whole(dataset, "NumberOfFrames") or 1
    if not 1 <= number <= frames:
        raise CannotShow(f"the object has {frames} frames")
    samples = (
        (_whole(dataset, "Rows") or 0) * (_whole(dataset, "Columns") or 0) * (_whole(dataset, "SamplesPerPixel") or 1)
    )
    if not 0 < samples <= LARGEST_FRAME:
        raise CannotShow("the object holds no picture")
    with decoding():
        syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
        return dataset, decoded(path, number, syntax, together=shares_bytes(dataset))


def decoded(path: Path, number: int, transfer_syntax: str, raw: bool = False, together: bool = False) -> Pixels:
    """The samples of a frame, counted from 1; ``raw`` leaves the colours as they are stored.

    ``together``: the frames have to be decoded at once, for the decoder counts whole bytes to the one it is asked for.
    """
    # the decoder walks a file as it lies; a deflated one has to be unpacked first
    source = dcmread(path, force=True) if transfer_syntax == DEFLATED else path
    if together:
        every = pixel_array(source, raw=raw)
        return every[number - 1] if every.ndim == 3 else every
    return pixel_array(source, index=number - 1, raw=raw)


def shares_bytes(dataset: Dataset) -> bool:
    """Whether a frame of single bits begins within the last byte of the one before it (PS3.5 8.1.1)."""
    return bool(dataset.BitsAllocated == 1 and dataset.Rows * dataset.Columns % 8)


@contextmanager
def decoding() -> Iterator[None]:
    """Whatever a damaged file leads the decoder into, the answer is the same."""
    try:
        yield
    except CannotShow:
        raise
    except Exception as error:
        raise CannotShow(f"the picture cannot be decoded: {error}") from error


def _picture(path: Path, frame: int, center: float | None, width: float | None) -> Image.Image:
    dataset, pixels = stored_frame(path, frame)
    with decoding():
        return _shown(dataset, pixels, frame, center, width)


def _shown(dataset: Dataset, pixels: Pixels, frame: int, center: float | None, width: float | None) -> Image.Image:
    coloured = colours(pixels, dataset)
    if coloured is not None:
        return Image.fromarray(coloured)
    groups = groups_of(dataset, frame)
    window = (center, width) if center is not None and width is not None else None
    grey = windowed(rescaled(pixels, dataset, groups), window or next(iter(windows_of(dataset, groups)), None))
    inverted = str(dataset.get("PhotometricInterpretation", "")) == "MONOCHROME1"
    return Image.fromarray(255 - grey if inverted else grey)


def _whole(dataset: Dataset, keyword: str) -> int | None:
    try:
        value = dataset.get(keyword)
        return int(value) if value is not None else None
    except (TypeError, ValueError):
        return None
