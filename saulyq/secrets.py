"""Random secrets of an installation: one file each, readable by its owner only; and files of that kind."""

import os
import secrets
from pathlib import Path


def secret(directory: Path, name: str) -> str:
    """Return the secret of this name, made at random the first time."""
    path = directory / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return _make(path)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, in place of one that is there."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    # written aside and linked into place, so that two processes starting at once agree on one value
    # and nobody reads half a file
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(24))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
