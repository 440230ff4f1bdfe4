"""The laboratory of the test clinic."""

from __future__ import annotations

import pytest

from tests.ops_app.clinic import Clinic
from tests.ops_app.laboratory.lab import Bench, open_laboratory


@pytest.fixture(scope="module")
def bench(clinic: Clinic) -> Bench:
    """The laboratory of the hospital."""
    open_laboratory(clinic)
    return Bench(clinic)
