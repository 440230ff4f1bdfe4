"""Columns that say who a row of a journal is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ops_app.i18n import N_
from ops_app.kit.privacy import Privacy
from ops_app.mechanisms.journal.declaration import Column
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient


def name_column(title: str, link: Callable[[Any], tuple[str, dict[str, Any]]]) -> Column:
    """The full name, sorted as names are, with the page behind it."""
    return Column(
        "name",
        title,
        lambda row, more: full_name(row.Patient),
        privacy=Privacy.DIRECT,
        sort=Patient.sort_key,
        link=link,
    )


BIRTH_DATE = Column("birth_date", N_("Birth date"), lambda row, more: row.Patient.birth_date, "date", Privacy.DIRECT)
