"""WFDB records: what is no record, every format read back, damaged files refused, real records."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_app.mechanisms.waveform.recording import GAP, Recording, WaveformError
from ops_app.mechanisms.waveform.wfdb import read_header, read_record
from tests.shared_data import shared

RANGES = {
    "16": 2**15 - 1,
    "24": 2**23 - 1,
    "32": 2**31 - 1,
    "61": 2**15 - 1,
    "80": 127,
    "160": 2**15 - 1,
    "212": 2**11 - 1,
}


def written(form: str, samples: list[int]) -> bytes:
    """Samples as a device stores them."""
    if form == "212":
        padded = [sample % 4096 for sample in [*samples, *([0] * (len(samples) % 2))]]
        packed = b"".join(
            bytes((first & 255, first >> 8 | second >> 8 << 4, second & 255))
            for first, second in zip(padded[::2], padded[1::2], strict=True)
        )
        return packed[: (len(samples) * 3 + 1) // 2]
    if form == "24":
        return b"".join((sample % 2**24).to_bytes(3, "little") for sample in samples)
    if form in ("80", "160"):
        size = 1 if form == "80" else 2
        return b"".join((sample + 2 ** (8 * size - 1)).to_bytes(size, "little") for sample in samples)
    shape = {"16": "<h", "32": "<i", "61": ">h"}[form]
    return b"".join(struct.pack(shape, sample) for sample in samples)


def record(form: str, samples: list[int], leads: int = 2, checksum: int | None = None) -> str:
    """A header for these samples."""
    columns = [samples[lead::leads] for lead in range(leads)]
    lines = [f"r {leads} 250 {len(samples) // leads}"]
    for lead, column in enumerate(columns):
        total = sum(column) % 65536 if checksum is None else checksum
        lines.append(f"r.dat {form} 100(0)/mV 16 0 0 {total} 0 lead {lead + 1}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_header"),
        ("# only a remark", "empty_header"),
        ("r", "wrong_header"),
        ("r two", "wrong_header"),
        ("r 2 250", "wrong_header"),
        ("r 1 0\nr.dat 16", "wrong_header"),
        ("r 1 250\nr.dat", "wrong_header"),
        ("r 1 250\nr.dat 508", "unknown_format"),
        ("r/3 2 250 1000", "several_segments"),
        ("r 100000 250 10", "wrong_header"),
    ],
)
def test_what_is_no_header(text: str, code: str) -> None:
    with pytest.raises(WaveformError) as refused:
        read_header(text)
    assert refused.value.code == code


def test_damage_is_found() -> None:
    samples = [1, 2, 3, 4]
    for text, files, code in (
        (record("16", samples), {}, "missing_file"),
        (record("16", samples), {"r.dat": written("16", samples[:2])}, "too_short"),
        (record("16", samples, checksum=77), {"r.dat": written("16", samples)}, "wrong_checksum"),
        ("r 2 250 2\nr.dat 16\nr.dat 80", {"r.dat": b"1234"}, "mixed_formats"),
    ):
        with pytest.raises(WaveformError) as refused:
            read_record(read_header(text), files)
        assert refused.value.code == code


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(RANGES)), st.data())
def test_every_format_is_read_back(form: str, data: st.DataObject) -> None:
    most = RANGES[form]
    samples = data.draw(
        st.lists(st.integers(-most, most), min_size=2, max_size=40).filter(lambda got: not len(got) % 2)
    )
    found = read_record(read_header(record(form, samples)), {"r.dat": written(form, samples)})
    assert [lead.name for lead in found.leads] == ["lead 1", "lead 2"]
    for place, lead in enumerate(found.leads):
        assert np.allclose(lead.samples, np.array(samples[place::2]) / 100, rtol=1e-6)


def test_several_samples_in_a_frame_and_what_was_not_measured() -> None:
    lines = (
        "r 2 100 2 10:00:00 20/11/2026",
        "r.dat 16x2 200/uV 16 0 0 -32768 0 fast",
        "r.dat 16 1(5)/mmHg 16 0 0 5 0 slow",
    )
    samples = [200, 400, 7, -600, -32768, -2]
    found = read_record(read_header("\n".join(lines)), {"r.dat": written("16", samples)})
    fast, slow = found.leads
    assert (fast.rate, slow.rate, fast.unit, slow.unit) == (200, 100, "uV", "mmHg")
    assert fast.samples[:3].tolist() == [1.0, 2.0, -3.0]
    assert np.isnan(fast.samples[3])
    assert slow.samples.tolist() == [2.0, -7.0]
    assert (found.seconds, found.started_at is not None) == (0.02, True)


def unpacked(window: bytes) -> list[list[float]]:
    """The samples of a window as the browser reads them."""
    count, place, leads = struct.unpack_from("<I", window)[0], 4, []
    for _lead in range(count):
        length, step = struct.unpack_from("<If", window, place)
        raw = struct.unpack_from(f"<{length}h", window, place + 8)
        leads.append([float("nan") if one == GAP else one * step for one in raw])
        place += 8 + 2 * (length + length % 2)
    assert place == len(window)
    return leads


def test_a_window_holds_what_the_screen_shows() -> None:
    samples = list(range(-500, 500))
    recording = read_record(read_header(record("16", samples)), {"r.dat": written("16", samples)})
    first, second = unpacked(recording.window(1, 0.5))
    assert np.allclose(first, recording.leads[0].samples[250:375], atol=0.001)
    assert len(second) == 125
    assert unpacked(recording.window(100, 10)) == [[], []]
    assert Recording(()).window(0, 10) == b"\0\0\0\0"


@pytest.mark.parametrize(
    ("name", "leads", "seconds"),
    [("100", 2, 1805), ("s0010_re", 15, 38), ("p10143", 2, 900)],
)
def test_real_records(name: str, leads: int, seconds: int) -> None:
    folder = shared("waveforms") / "wfdb"
    header = read_header((folder / f"{name}.hea").read_text(errors="replace"))
    files = {file: (folder / file).read_bytes() for file in header.files if (folder / file).exists()}
    found = read_record(header, files)
    assert len(found.leads) == leads
    assert found.seconds >= seconds
    assert float(np.nanmax(np.abs(found.leads[0].samples))) > 0


def test_every_real_header_is_read_or_refused_for_a_known_reason() -> None:
    folder = shared("waveforms") / "wfdb"
    known = {"several_segments", "unknown_format", "missing_file", "mixed_formats", "too_short", "wrong_header"}
    read = 0
    for path in sorted(folder.rglob("*.hea")):
        try:
            header = read_header(path.read_text(errors="replace"))
            near = {file: (path.parent / file).read_bytes() for file in header.files if (path.parent / file).exists()}
            read += bool(read_record(header, near).leads)
        except WaveformError as refused:
            assert refused.code in known, (path.name, refused)  # noqa: PT017
    assert read >= 8
