"""Addresses of pictures, with the ticket of the page that shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request


def addresses(request: Request) -> Callable[..., str]:
    """The addresses of routes, with a ticket where one is given."""

    def url(name: str, *, given: str = "", **path: Any) -> str:
        found = str(request.app.url_path_for(name, **path))
        return f"{found}?ticket={given}" if given else found

    return url
