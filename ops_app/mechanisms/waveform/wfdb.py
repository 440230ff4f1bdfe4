"""Reading a WFDB record (physionet.org/physiotools/wag): a header `.hea` and its signal files.

Formats 16, 24, 32, 61, 80, 160 and 212 are read; other formats and records of several segments are
refused by name, never guessed. The checksum of each signal is compared with the header's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops_app.mechanisms.waveform.recording import Lead, Recording, WaveformError

FORMATS = ("16", "24", "32", "61", "80", "160", "212")
GAPS = {"16": -(2**15), "24": -(2**23), "32": -(2**31), "61": -(2**15), "80": -128, "160": -(2**15), "212": -2048}
DEFAULT_RATE = 250.0
DEFAULT_GAIN = 200.0
MOST_LEADS = 64
MOST_SAMPLES = 50_000_000

_FORMAT = re.compile(r"^(\d+)(?:x(\d+))?(?::(-?\d+))?(?:\+(\d+))?$")
_GAIN = re.compile(r"^([-+.\deE]+)(?:\((-?\d+)\))?(?:/(\S+))?$")
_RATE = re.compile(r"^([.\deE+]+)")


@dataclass(frozen=True)
class Signal:
    """A line of the header."""

    file: str
    format: str
    per_frame: int
    offset: int
    gain: float
    baseline: int
    unit: str
    checksum: int | None
    name: str


@dataclass(frozen=True)
class Header:
    """What a header says."""

    record: str
    rate: float
    frames: int | None
    started_at: dt.datetime | None
    signals: tuple[Signal, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The signal files it names, each once."""
        return tuple(dict.fromkeys(signal.file for signal in self.signals))


def read_header(text: str) -> Header:
    """Read a header, or say which line is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise WaveformError("empty_header")
    words = lines[0].split()
    if "/" in words[0]:
        raise WaveformError("several_segments", words[0])
    try:
        count = int(words[1])
        rate = float(_found(_RATE, words[2])) if len(words) > 2 else DEFAULT_RATE
        frames = int(words[3]) if len(words) > 3 else None
    except (IndexError, ValueError):
        raise WaveformError("wrong_header", "1") from None
    if not 0 < count <= MOST_LEADS or not 0 < rate <= 1_000_000 or len(lines) <= count:
        raise WaveformError("wrong_header", "1")
    signals = tuple(_signal(line, number + 2) for number, line in enumerate(lines[1 : count + 1]))
    return Header(words[0], rate, frames or None, _moment(words[4:]), signals)


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    if found is None:
        raise ValueError(text)
    return found[1]


def _moment(words: list[str]) -> dt.datetime | None:
    # time [date]; without a date nobody knows the day, so there is no moment.
    if len(words) < 2:
        return None
    for shape in ("%H:%M:%S.%f %d/%m/%Y", "%H:%M:%S %d/%m/%Y", "%H:%M %d/%m/%Y"):
        try:
            return dt.datetime.strptime(f"{words[0]} {words[1]}", shape)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _signal(line: str, number: int) -> Signal:
    words = line.split(maxsplit=8)
    shape = _FORMAT.match(words[1]) if len(words) > 1 else None
    if shape is None:
        raise WaveformError("wrong_header", str(number))
    if shape[1] not in FORMATS:
        raise WaveformError("unknown_format", shape[1])
    gain = _GAIN.match(words[2]) if len(words) > 2 else None
    try:
        zero = int(words[4]) if len(words) > 4 else 0
        step = float(gain[1]) if gain else 0.0
        checksum = int(words[6]) if len(words) > 6 else None
    except ValueError:
        raise WaveformError("wrong_header", str(number)) from None
    return Signal(
        file=words[0],
        format=shape[1],
        per_frame=max(1, int(shape[2] or 1)),
        offset=int(shape[4] or 0),
        gain=step or DEFAULT_GAIN,
        baseline=int(gain[2]) if gain and gain[2] else zero,
        unit=(gain[3] if gain and gain[3] else "mV"),
        checksum=checksum,
        name=words[8] if len(words) > 8 else f"{number - 1}",
    )


def read_record(header: Header, files: Mapping[str, bytes]) -> Recording:
    """All signals of a record from the bytes of its files."""
    leads: dict[int, Lead] = {}
    for name in header.files:
        if name not in files:
            raise WaveformError("missing_file", name)
        together = [(place, signal) for place, signal in enumerate(header.signals) if signal.file == name]
        if len({(signal.format, signal.offset) for _place, signal in together}) > 1:
            raise WaveformError("mixed_formats", name)
        first = together[0][1]
        width = sum(signal.per_frame for _place, signal in together)
        raw = _samples(first.format, files[name][first.offset :])
        whole = len(raw) // width
        frames = min(header.frames, whole) if header.frames else whole
        if header.frames and whole < header.frames:
            raise WaveformError("too_short", name)
        if frames * width > MOST_SAMPLES:
            raise WaveformError("too_long", name)
        table = raw[: frames * width].reshape(frames, width)
        column = 0
        for place, signal in together:
            own = table[:, column : column + signal.per_frame].reshape(-1)
            column += signal.per_frame
            leads[place] = _lead(header, signal, own)
    return Recording(tuple(leads[place] for place in sorted(leads)), header.started_at)


def _lead(header: Header, signal: Signal, raw: NDArray[np.int64]) -> Lead:
    if header.frames and signal.checksum is not None and (int(raw.sum()) - signal.checksum) % 65536:
        raise WaveformError("wrong_checksum", signal.name)
    values = (raw - signal.baseline) / signal.gain
    values[raw == GAPS[signal.format]] = np.nan
    return Lead(signal.name, signal.unit, header.rate * signal.per_frame, values.astype(np.float32))


def _samples(form: str, raw: bytes) -> NDArray[np.int64]:
    if form == "212":
        return _packed_twelve(raw)
    if form == "24":
        return _three_bytes(raw)
    kinds = {"16": "<i2", "32": "<i4", "61": ">i2", "80": "u1", "160": "<u2"}
    kind = np.dtype(kinds[form])
    found = np.frombuffer(raw[: len(raw) // kind.itemsize * kind.itemsize], kind).astype(np.int64)
    return found - {"80": 128, "160": 32768}.get(form, 0)


def _packed_twelve(raw: bytes) -> NDArray[np.int64]:
    # Two 12-bit samples in three bytes; the middle byte holds the high halves of both.
    data = np.frombuffer(raw, "u1")
    odd = len(data) % 3
    data = np.concatenate([data, np.zeros((3 - odd) % 3, "u1")]).reshape(-1, 3).astype(np.int64)
    first = data[:, 0] | (data[:, 1] & 0x0F) << 8
    second = data[:, 2] | (data[:, 1] & 0xF0) << 4
    both = np.stack([first, second], axis=1).reshape(-1)
    if odd:
        both = both[:-1]
    return np.where(both >= 2048, both - 4096, both)


def _three_bytes(raw: bytes) -> NDArray[np.int64]:
    data = np.frombuffer(raw[: len(raw) // 3 * 3], "u1").reshape(-1, 3).astype(np.int64)
    value = data[:, 0] | data[:, 1] << 8 | data[:, 2] << 16
    return np.where(value >= 2**23, value - 2**24, value)
