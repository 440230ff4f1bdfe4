"""Settings of the installation that a test changes and gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from saulyq.settings import settings

SetUp = Callable[..., None]


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetUp]:
    """Run this process as if the installation were set up so: ``set_up(MODE="production")``."""

    def change(**values: str | None) -> None:
        for name, value in values.items():
            if value is None:
                monkeypatch.delenv(f"SAULYQ_{name}", raising=False)
            else:
                monkeypatch.setenv(f"SAULYQ_{name}", value)
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()
