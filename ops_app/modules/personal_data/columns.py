"""Columns that tables of schema ``personal_data`` share."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Identity, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.privacy import PLAIN, Subject, exported

TABLE = {"schema": "personal_data", "info": exported(Subject.WITHHELD)}


def row_id() -> Mapped[int]:
    """The identity of a row."""
    return mapped_column(Identity(), primary_key=True, info=PLAIN)


def of_organization() -> Mapped[int]:
    """The organisation a row belongs to."""
    return mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)


def of_patient() -> Mapped[int]:
    """The person a row is about."""
    return mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)


def now() -> Mapped[dt.datetime]:
    """The moment a row was written."""
    return mapped_column(server_default=text("now()"), info=PLAIN)
