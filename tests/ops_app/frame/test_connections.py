"""A connection that the server cut while it lay idle is replaced before a request can feel it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ops_app import db
from tests.installation import Database

PID = text("select pg_backend_pid()")


def test_a_connection_cut_while_idle_is_replaced(module_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "PING_AFTER_SECONDS", 0.0)
    engine = db.make_engine(module_database.url("app"))
    try:
        with engine.connect() as idle, engine.connect() as other:
            cut = idle.scalar(PID)
            idle.close()
            assert other.scalar(text("select pg_terminate_backend(:pid, 5000)"), {"pid": cut})
        for _ in range(3):
            with db.open_session(engine) as session:
                assert session.scalar(PID) != cut
    finally:
        engine.dispose()
