"""Whatever stands in the navigation opens for who sees it, whether or not something ties them to a place."""

from __future__ import annotations

import re

import pytest

from ops_app.permissions import Role
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic

LINK = re.compile(r'<li role="option" data-url="([^"]+)"')


@pytest.mark.req("IAM-03")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("place", [None, "hospital"])
def test_every_line_of_the_navigation_opens(clinic: Clinic, role: Role, place: str | None) -> None:
    login = f"{role}-{place or 'everywhere'}"
    make_account(clinic.app.state.engine, login, [(role, clinic.tree[place] if place else None)])
    browser = clinic.browser(login)
    links = set(LINK.findall(browser.get("/").text))
    assert links
    refused = {link: status for link in sorted(links) if (status := browser.get(link).status_code) != 200}
    assert not refused
