"""The signing key of the provider, made at its first use in ``SAULYQ_HOME/secrets``."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from joserfc.jwk import RSAKey

from saulyq.settings import settings

FILE = "oidc_signing_key.pem"


def signing_key() -> RSAKey:
    """The private key of this installation."""
    return _load(settings().secrets_dir / FILE)


def public_keys() -> dict[str, list[dict[str, object]]]:
    """What others need to check a signature."""
    return {"keys": [{**signing_key().as_dict(private=False), "use": "sig", "alg": "RS256"}]}


@lru_cache(maxsize=4)
def _load(path: Path) -> RSAKey:
    if not path.exists():
        _make(path)
    key = RSAKey.import_key(path.read_bytes())
    key.ensure_kid()
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(RSAKey.generate_key(2048).as_pem(private=True))
    try:
        # Two processes that start at once must agree on one key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
