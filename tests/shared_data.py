"""Real inputs that lie beside the repository where somebody put them there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(name: str) -> Path:
    """Return a folder of shared inputs, or skip the test by that name."""
    folder = Path(os.environ.get("SAULYQ_SHARED_DATA", str(_BESIDE))) / name
    if not folder.exists():
        pytest.skip(f"shared data: {name} is not beside the repository")
    return folder
