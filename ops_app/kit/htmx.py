"""Telling HTMX requests apart and answering them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response


def is_htmx(request: Request) -> bool:
    """Whether HTMX asks for a fragment."""
    return request.headers.get("HX-Request") == "true"


def wants_html(request: Request) -> bool:
    """Whether the answer goes to a person's browser rather than to a program."""
    if is_htmx(request):
        return True
    accept = request.headers.get("accept", "")
    return "text/html" in accept


def see_other(request: Request, url: str) -> Response:
    """Send the browser to another page after a write."""
    if is_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": url})
    return RedirectResponse(url, status_code=303)
