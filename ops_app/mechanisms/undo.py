"""Actions that can be taken back exactly: what a route says, and putting a row back as it was.

A route names the route that reverses it, and the message after the action carries the button::

    return redirect(request, url, _("The records are linked"), undo=Undo("patients:unmerge", {"link_id": link.id}))

The reverse is an ordinary route: it has its own permission, its own audit row, and refuses like any other.
Where nothing but the former values can bring a row back, ``state`` holds them (see ``change_of``); they travel
sealed for this session and this address, and ``put_back`` refuses if the row was changed in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import inspect

from ops_app import audit
from ops_app.errors import Conflict
from ops_app.i18n import _

State = dict[str, dict[str, Any]]
"""``before`` and ``after``: the columns an action changed, as JSON holds them."""


@dataclass(frozen=True)
class Undo:
    """The route that reverses an action. Never put a person's data in it: it travels in a cookie."""

    route: str
    path: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What the reverse route is posted."""
    state: State | None = None


def change_of(row: Any, before: Mapping[str, Any]) -> State:
    """What an action changed of a row; ``before`` is its ``audit.snapshot`` from before the action."""
    old, new = audit.plain(before), audit.as_json(row)
    changed = [name for name in new if new[name] != old.get(name) and name != "row_xid"]
    return {"before": {name: old.get(name) for name in changed}, "after": {name: new[name] for name in changed}}


def put_back(row: Any, state: State) -> None:
    """Give a row the values it had before the action, unless somebody has changed them since."""
    now = audit.as_json(row)
    if not state["after"] or any(now.get(name) != value for name, value in state["after"].items()):
        raise Conflict(
            _("This has been changed since, so it cannot be undone any more"),
            advice=_("Open it and look at its present state."),
        )
    columns = inspect(row).mapper.columns
    for name, value in state["before"].items():
        setattr(row, name, _read(value, columns[name].type.python_type))


def _read(value: Any, python_type: type) -> Any:
    if isinstance(value, str) and python_type in (dt.datetime, dt.date, dt.time):
        return python_type.fromisoformat(value)  # type: ignore[attr-defined]
    return value
