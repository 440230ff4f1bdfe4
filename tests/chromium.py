"""Debian's chromium for tests, and what axe-core finds on a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(__file__).resolve().parents[1] / "ops_app/ui/node_modules/axe-core/axe.min.js"
RUN = """tags => axe.run(document, tags ? {runOnly: tags, resultTypes: ["violations"]} : {resultTypes: ["violations"]})
  .then(result => result.violations.filter(each => ["serious", "critical"].includes(each.impact))
    .map(each => each.id + ": " + each.nodes.map(node => node.html.slice(0, 160)).slice(0, 3).join(" ¦ ")))"""


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser process of its own, ended afterwards."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


def serious_findings(page: Page, tags: Sequence[str] | None = None) -> list[str]:
    """Serious and critical violations, by rule; ``tags`` are axe's, such as ``wcag2aa``.

    Where the page's own policy forbids injected scripts, the context needs ``bypass_csp``.
    """
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN, list(tags) if tags else None)
    return found
