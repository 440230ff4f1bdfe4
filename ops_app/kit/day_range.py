"""The condition behind every pair of fields "from" and "to"."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement

from ops_app.kit import clock


def within_days(moment: Any, first: dt.date | None, last: dt.date | None) -> list[ColumnElement[bool]]:
    """That a moment lies on the local days from ``first`` to ``last``, both included; None leaves an end open."""
    conditions: list[ColumnElement[bool]] = []
    if first:
        conditions.append(moment >= clock.from_local(first))
    if last:
        conditions.append(moment < clock.from_local(last + dt.timedelta(days=1)))
    return conditions
