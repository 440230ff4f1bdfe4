"""What the browser loads before the first words are seen is sent compressed; what holds a secret is not."""

from __future__ import annotations

from fastapi import FastAPI

from tests.ops_app.browser import Browser


def test_style_sheets_are_compressed_and_pages_are_not(module_app: FastAPI) -> None:
    client = Browser(module_app).client
    asked = {"accept-encoding": "gzip"}
    style = client.get("/static/vendor/style.css", headers=asked)
    assert style.status_code == 200
    assert style.headers["content-encoding"] == "gzip"
    whole = client.get("/static/vendor/style.css", headers={"accept-encoding": "identity"})
    assert int(whole.headers["content-length"]) > 20_000
    page = client.get("/sign-in", headers=asked)
    assert page.status_code == 200
    assert len(page.content) > 1_000
    assert "content-encoding" not in page.headers
