"""Filters of the journal."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel

from ops_app.kit.dates import DateInput


class JournalFilter(BaseModel):
    """What the journal is narrowed to; empty means everything."""

    user: str | None = None
    patient: str | None = None
    """IIN, temporary number, or the number of the record."""
    kind: str | None = None
    rule: str | None = None
    date_from: DateInput | None = None
    date_to: DateInput | None = None

    def is_empty(self) -> bool:
        """Whether nothing was asked."""
        return not any(self.model_dump().values())

    def as_details(self) -> dict[str, str | dt.date]:
        """What was asked, for the journal's own row."""
        return {name: value for name, value in self.model_dump().items() if value}
