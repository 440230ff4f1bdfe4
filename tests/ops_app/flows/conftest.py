"""One clinic on a real port for the flows of a module; people sit at it in each of the three languages.

At small size a flow is walked in one of them, each language getting a third of the flows.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page
from sqlalchemy.orm import Session

from ops_app.auth import cookie_name
from ops_app.i18n import LANGUAGES
from ops_app.modules.accounts import queries, service
from tests.chromium import running_chromium
from tests.conftest import FULL_SIZE
from tests.ops_app.clinic import STAFF, Clinic
from tests.ops_app.flows.speaking import foreign_texts
from tests.ops_app.live import served

DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@dataclass
class Desk:
    """A clinic's screens in one language; whoever sits down is signed in."""

    clinic: Clinic
    address: str
    chromium: Browser
    language: str
    pages: list[Page] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def sit(self, login: str | None, viewport: dict[str, int] | None = None, **options: Any) -> Page:
        """An open browser of this account, or of a stranger; nothing opened yet."""
        context = self.chromium.new_context(
            locale=self.language,
            viewport=viewport or DESK,  # type: ignore[arg-type]
            base_url=self.address,
            **options,
        )
        context.set_default_timeout(15_000)
        if login is not None:
            context.add_cookies(
                [{"name": cookie_name("session"), "value": self.session_of(login), "url": self.address}]
            )
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("load", self._listen)
        self.pages.append(page)
        return page

    def session_of(self, login: str) -> str:
        """A session's token without the costly check of the password."""
        with Session(self.clinic.app.state.engine) as session:
            account = queries.account_by_login(session, login)
            assert account is not None
            token = service.open_sign_in_session(session, account, "test")
            session.commit()
        return token

    def leave(self) -> None:
        """Close what was opened; the last page of each must speak the language too."""
        for page in self.pages:
            if not page.is_closed() and page.url.startswith(self.address):
                self._listen(page)
            page.context.close()

    def _listen(self, page: Page) -> None:
        if not page.url.startswith(self.address):
            return
        try:
            said = page.evaluate("document.documentElement.lang")
            texts = foreign_texts(page, self.language)
        except Error:
            # the page went on to the next one meanwhile, which is listened to in its turn
            return
        if said and said != self.language:
            self.problems.append(f"{page.url}: the page says it is in {said}")
        planted = {*self.clinic.tree, *(name for login, *_ in STAFF for name in (login, login.title()))}
        self.problems += [f"{page.url}: {text!r}" for text in texts if text not in planted]


@pytest.fixture(scope="module")
def flow_address(clinic: Clinic) -> Iterator[str]:
    """The clinic's app on a real port."""
    with served(clinic.app) as address:
        yield address


@pytest.fixture(scope="module")
def flow_chromium() -> Iterator[Browser]:
    """One browser process for the flows of a module."""
    with running_chromium() as browser:
        yield browser


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the languages of a flow."""
    if "language" in metafunc.fixturenames:
        every = list(LANGUAGES)
        one = every[zlib.crc32(metafunc.function.__name__.encode()) % len(every)]
        metafunc.parametrize("language", every if FULL_SIZE else [one])


@pytest.fixture
def desk(clinic: Clinic, flow_address: str, flow_chromium: Browser, language: str) -> Iterator[Desk]:
    """The clinic in one language; fails if a page on the way broke or spoke another."""
    opened = Desk(clinic, flow_address, flow_chromium, language)
    try:
        yield opened
    finally:
        opened.leave()
    assert not opened.problems, "\n".join(sorted(set(opened.problems)))
