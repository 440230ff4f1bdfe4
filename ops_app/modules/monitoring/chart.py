"""A trend as the points of an SVG: values over time, the normal band, the critical lines; pure geometry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from ops_app.kit.dates import show_moment
from ops_app.modules.monitoring.indicators import Indicator
from ops_app.modules.monitoring.limits import Limits
from ops_app.modules.monitoring.models import Value

WIDTH, HEIGHT = 640, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 24
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """One value on the drawing."""

    x: float
    y: float
    level: str
    counts: bool
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across or a tick with its words."""

    at: float
    text: str
    kind: str = "tick"


@dataclass(slots=True)
class Line:
    """The values of one indicator."""

    indicator: Indicator
    points: list[Point] = field(default_factory=list)
    band: tuple[float, float] | None = None
    """Top and height of the normal band."""
    critical: list[Mark] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Corners of the line."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


@dataclass(slots=True)
class Chart:
    """One drawing: the indicators of a group over the same days."""

    group: str
    title: str
    unit: str
    lines: list[Line]
    days: list[Mark]
    scale: list[Mark]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM

    @property
    def is_empty(self) -> bool:
        """Whether nothing was measured in these days."""
        return not any(line.points for line in self.lines)


@dataclass(frozen=True, slots=True)
class Series:
    """What one line is drawn from."""

    indicator: Indicator
    limits: Limits
    values: Sequence[Value]


def draw(series: Sequence[Series], since: dt.datetime, until: dt.datetime, day_text: object) -> Chart:
    """Lay out the indicators of one group between two moments."""
    assert callable(day_text)
    low, high, step = _range(series)

    def x(moment: dt.datetime) -> float:
        part = (moment - since) / (until - since)
        return round(LEFT + min(max(part, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)

    def y(number: float) -> float:
        part = (min(max(number, low), high) - low) / (high - low)
        return round(TOP + (1 - part) * (HEIGHT - TOP - BOTTOM), 1)

    lines = [_line(each, x, y, low, high) for each in series]
    count = max(1, (until - since) // DAY)
    every = max(1, -(-count // 7))
    days = [Mark(x(since + DAY * number), str(day_text(since + DAY * number))) for number in range(0, count, every)]
    ticks = round((high - low) / step)
    scale = [Mark(y(low + step * number), f"{low + step * number:g}") for number in range(ticks + 1)]
    first = series[0].indicator
    title = " / ".join(each.indicator.shown for each in series)
    return Chart(first.group, title, first.unit, lines, days, scale)


def _line(series: Series, x: object, y: object, low: float, high: float) -> Line:
    assert callable(x)
    assert callable(y)
    limits, each = series.limits, series.indicator
    line = Line(each)
    line.points = [
        Point(
            x(value.measured_at),
            y(value.number),
            value.level,
            value.counts,
            f"{each.shown}: {each.value(value.number)}, {show_moment(value.measured_at)}",
        )
        for value in series.values
    ]
    if limits.low is not None or limits.high is not None:
        top = y(limits.high if limits.high is not None else high)
        line.band = (top, round(y(limits.low if limits.low is not None else low) - top, 1))
    line.critical = [
        Mark(y(end), f"{end:g}", "critical") for end in (limits.critical_low, limits.critical_high) if end is not None
    ]
    return line


def _range(series: Sequence[Series]) -> tuple[float, float, float]:
    """From where to where the scale goes, in round steps that hold every value and every limit."""
    numbers = [value.number for each in series for value in each.values]
    for each in series:
        ends = (each.limits.critical_low, each.limits.low, each.limits.high, each.limits.critical_high)
        numbers += [end for end in ends if end is not None]
    numbers = numbers or [0.0, 1.0]
    low, high = min(numbers), max(numbers)
    spread = max(high - low, 1.0)
    step = next((each for each in (0.5, 1, 2, 5, 10, 20, 50, 100) if spread / each <= 6), 200.0)
    return (low // step) * step, -(-high // step) * step if high > low else low + step, float(step)
