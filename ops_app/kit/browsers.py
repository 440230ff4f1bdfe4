"""A browser as its user would name it."""

from __future__ import annotations

import re

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("YaBrowser", "Yandex Browser"),
    ("Firefox", "Firefox"),
    ("HeadlessChrome", "Chrome"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
)
"""Tokens of the User-Agent header; the first that stands there counts, because most browsers also name the others."""

_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")


def browser_name(user_agent: str | None) -> str:
    """``Chrome 141, Windows`` out of a User-Agent header (RFC 9110, 10.1.5); what is not recognised stays as sent."""
    text = user_agent or ""
    for token, name in _BROWSERS:
        if found := re.search(rf"\b{token}/(\d+)", text):
            system = next((each for each in _SYSTEMS if each in text), "")
            return ", ".join(filter(None, (f"{name} {found[1]}", system)))
    return text
