"""What the worker does for this module."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app.modules.imaging import keeping


def unlink_destroyed(engine: Engine, study_id: int) -> None:
    """Remove the files of a study whose person was destroyed."""
    with Session(engine) as session, session.begin():
        keeping.unlink_destroyed(session, study_id)
