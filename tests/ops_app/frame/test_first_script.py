"""The script that stands in each page: allowed by its checksum, and nothing else that stands in a page is."""

from __future__ import annotations

import base64
import hashlib
import re

from fastapi import FastAPI

from tests.ops_app.browser import Browser


def test_only_the_script_of_the_frame_may_stand_in_a_page(module_app: FastAPI) -> None:
    page = Browser(module_app).client.get("/sign-in")
    written = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    assert len(written) == 1
    checksum = base64.b64encode(hashlib.sha256(written[0].encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert f"script-src 'self' 'sha256-{checksum}';" in policy
    assert "unsafe" not in policy
