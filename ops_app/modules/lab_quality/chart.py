"""A Levey-Jennings chart: where its lines and points stand, and the figures beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ops_app.modules.lab_quality.models import Run, Target

WIDTH, HEIGHT = 960, 330
LEFT, RIGHT, TOP, BOTTOM = 110, 20, 15, 35
EDGE = 4.0
"""Standard deviations at the edge of the chart; what lies beyond stands on the edge."""


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal line."""

    y: float
    name: str
    value: float
    css: str


@dataclass(frozen=True, slots=True)
class Point:
    """A run on the chart."""

    x: float
    y: float
    run: Run
    css: str
    is_beyond: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws."""

    lines: tuple[Line, ...]
    points: tuple[Point, ...]
    counted: tuple[Point, ...]
    """Without the withdrawn runs: what the line joins."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the runs gave, beside what was expected of them."""

    number: int
    mean: float
    sd: float | None
    cv: float | None
    bias: float | None


def height_of(z: float) -> float:
    """Where a z-score stands."""
    inside = max(-EDGE, min(EDGE, z))
    return round(TOP + (EDGE - inside) / (2 * EDGE) * (HEIGHT - TOP - BOTTOM), 1)


def chart(target: Target, runs: Sequence[Run]) -> Chart:
    """Lines at the target and at one, two and three standard deviations; runs evenly apart."""
    names = {0: "x̄"} | {number: f"{number:+d}s".replace("-", "−") for number in (-3, -2, -1, 1, 2, 3)}
    lines = tuple(
        Line(height_of(number), names[number], target.mean + number * target.sd, f"lj-{abs(number)}s")
        for number in sorted(names, reverse=True)
    )
    step = (WIDTH - LEFT - RIGHT) / max(len(runs), 20)
    points = tuple(
        Point(
            round(LEFT + (position + 0.5) * step, 1),
            height_of(each.z),
            each,
            "lj-withdrawn" if each.withdrawn_at else f"lj-{each.verdict}",
            abs(each.z) > EDGE,
        )
        for position, each in enumerate(runs)
    )
    return Chart(lines, points, tuple(point for point in points if point.run.withdrawn_at is None))


def figures(target: Target, runs: Sequence[Run]) -> Figures | None:
    """Number, mean, standard deviation, coefficient of variation and bias of the runs that count."""
    values = [each.value for each in runs if each.withdrawn_at is None]
    if not values:
        return None
    mean = math.fsum(values) / len(values)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)) if len(values) > 1 else None
    return Figures(
        len(values),
        mean,
        sd,
        sd / abs(mean) * 100 if sd is not None and mean else None,
        (mean - target.mean) / abs(target.mean) * 100 if target.mean else None,
    )
