"""Why attempts failed; the library keeps only that they did."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base
from ops_app.kit.privacy import FREE_TEXT, PLAIN, Subject, exported


class Failure(Base):
    """One failed attempt of a job. No foreign key: the library removes jobs by its own rules."""

    __tablename__ = "failure"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    job_id: Mapped[int] = mapped_column(info=PLAIN)
    task: Mapped[str] = mapped_column(info=PLAIN)
    attempt: Mapped[int] = mapped_column(info=PLAIN)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("clock_timestamp()"), info=PLAIN)
    reason: Mapped[str] = mapped_column(info=FREE_TEXT)
    """Kind of the error and the line it came from; never its values, which may be a patient's."""

    __table_args__ = (
        Index("ix_failure_job", "job_id", "id"),
        {"schema": "jobs", "info": exported(Subject.WITHHELD)},
    )
