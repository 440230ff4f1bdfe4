"""What the whole call chain of one request may know: its number, address, action and language."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestContext:
    """One request, or one command when nobody asked over HTTP."""

    request_id: str = ""
    ip: str | None = None
    language: str = "en"
    action: str = ""
    """Name of the route, known once it is found."""
    operator: str = ""
    """The account of the operating system that typed a command; empty where nobody typed anything."""


# One mutable object for a request: dependencies run in threads with copied contexts and must still
# see what another of them wrote.
_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext:
    """The context of this request."""
    context = _current.get()
    if context is None:
        context = RequestContext()
        _current.set(context)
    return context


def enter(context: RequestContext) -> None:
    """Make this the context of what runs from here."""
    _current.set(context)
