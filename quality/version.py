"""Which rules judged a row: a fingerprint of this package's code and tables."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from warehouse.lake import Manifest, Part


@cache
def rules_version() -> str:
    """Changes with every change of a suite, a rule or a threshold."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.csv")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def refused_by_other_rules(manifest: Manifest) -> list[Part]:
    """Files of quarantined rows that the present rules have not seen; those of results of checks have no source."""
    if manifest.server is None:
        return []
    return [part for part in manifest.quarantined if part.checked.rpartition(":")[2] != rules_version()]
