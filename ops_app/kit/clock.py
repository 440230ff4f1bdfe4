"""The time now, and the local day in Kazakhstan; tests and the demo may set another moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Almaty")

_frozen: ContextVar[dt.datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> dt.datetime:
    """The moment now, in UTC."""
    return _frozen.get() or dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The local calendar day."""
    return local(now()).date()


def local(moment: dt.datetime) -> dt.datetime:
    """The same moment on a clock in Kazakhstan."""
    return moment.astimezone(LOCAL_ZONE)


def from_local(day: dt.date, time: dt.time = dt.time(0)) -> dt.datetime:
    """The UTC moment of a local day and time."""
    return dt.datetime.combine(day, time, tzinfo=LOCAL_ZONE).astimezone(dt.UTC)


@contextmanager
def frozen(moment: dt.datetime) -> Iterator[None]:
    """Stop the clock inside the block."""
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)
