"""One session for a request, as the role ``saulyq_app``, committed once, at the edge."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session

PING_AFTER_SECONDS = 2
"""A connection that lay idle for longer is asked whether it lives; to ask each time costs a request its time."""


def make_engine(url: str) -> Engine:
    """The engine of the app; a writer that hangs is ended so that extraction is not held back."""
    engine = create_engine(
        url,
        # in each process of the app; together they must stay below the server's max_connections
        pool_size=15,
        max_overflow=15,
        # an error in the log must not carry what a record holds
        hide_parameters=True,
        connect_args={"options": "-c idle_in_transaction_session_timeout=60s -c timezone=UTC"},
    )
    _ping_idle(engine)
    return engine


def _ping_idle(engine: Engine) -> None:
    """As ``pool_pre_ping`` does, but only where the server may have gone unnoticed."""

    @event.listens_for(engine, "checkin")
    def _given_back(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _taken(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("idle_since")
        if since is None or time.monotonic() - since < PING_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as gone:
            # every connection of before went with the server; SQLAlchemy connects anew
            raise InvalidatePoolError from gone


def open_session(engine: Engine) -> Session:
    """A session that keeps loaded rows usable after the commit, for templates."""
    return Session(engine, expire_on_commit=False)


def request_session(request: Request) -> Iterator[Session]:
    """The session of one request: committed when the route returned, rolled back when it raised."""
    with open_session(request.app.state.engine) as session:
        request.state.db = session
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            # An error page is drawn after this and must not open the closed session again.
            request.state.db = None


# "function" scope: the commit is done before the answer leaves, so what was answered is stored.
Db = Annotated[Session, Depends(request_session, scope="function")]
