"""The log of case lists that were opened: who, when, which, how many rows."""

from __future__ import annotations

import datetime as dt
import json
import os

from dashboards.identity import Viewer
from warehouse.settings import warehouse_settings


def log(viewer: Viewer, what: str, where: dict[str, str], rows: int) -> None:
    """Append one line before the list is shown; a list that cannot be logged is not shown."""
    path = warehouse_settings().home / "dashboards" / "case_reading.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "login": viewer.login,
        "list": what,
        "where": where,
        "rows": rows,
    }
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
