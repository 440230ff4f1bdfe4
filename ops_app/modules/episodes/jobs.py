"""What the worker does for this module."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app.modules.episodes import plan_refresh


def refresh_plans(engine: Engine) -> None:
    """The nightly run over the programmes, committed batch by batch."""
    with Session(engine) as session:
        for _outcome in plan_refresh.refresh_changed(session):
            session.commit()
