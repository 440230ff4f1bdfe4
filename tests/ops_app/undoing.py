"""The button of the message after an act, as a user would press it."""

from __future__ import annotations

import re
from html import unescape

from tests.ops_app.browser import Browser


def way_back(browser: Browser, url: str) -> tuple[str, dict[str, str]]:
    """Address and fields of the button that the next page shows."""
    text = browser.get(url).text
    toast = re.search(r'<div class="toast-line">.*?</form>', text, re.S)
    assert toast is not None, "no toast on the page"
    assert 'role="status"' in text.split("toast-line")[0].rsplit("<div", 2)[1]
    action = re.search(r'action="([^"]+)"', toast.group(0))
    assert action is not None
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', toast.group(0)))
    fields.pop("csrf_token")
    return unescape(action.group(1)), {name: unescape(value) for name, value in fields.items()}
