"""Passwords: hashing, random first ones, and what a chosen one must be."""

from __future__ import annotations

import secrets
import threading
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from ops_app.errors import Invalid
from ops_app.i18n import _

MIN_LENGTH = 10
MAX_LENGTH = 200

COMMON_PASSWORDS = Path(__file__).parents[2] / "content" / "security" / "common_passwords.txt"
_LOOKALIKES = str.maketrans("0134578@$", "oleastbas")

# No letters that are read for each other: the first password is copied from paper.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()
# Each check takes 64 MiB for a moment; a crowd of guessers must not take all memory.
_at_once = threading.BoundedSemaphore(4)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def random_password() -> str:
    """A first password, easy to copy: four groups of four."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _i in range(4)) for _g in range(4))


def hash_password(password: str) -> str:
    """argon2id, with the library's current parameters."""
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; takes as long when there is no account at all."""
    try:
        with _at_once:
            _hasher.verify(password_hash or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def refuse_weak(password: str, login: str, field: str = "new_password") -> None:
    """Refuse a password that is too short or long, all one character, the login itself or among the commonest."""
    if len(password) < MIN_LENGTH:
        raise Invalid(_("The password is too short: at least %(n)s characters", n=MIN_LENGTH), field=field)
    if len(password) > MAX_LENGTH:
        raise Invalid(_("The password is too long"), field=field)
    if len(set(password)) < 5 or login in password.lower() or is_common(password):
        raise Invalid(_("The password is too easy to guess: mix several words, leave out your login"), field=field)


def is_common(password: str) -> bool:
    """Whether it is one of the commonest passwords, also with digits and signs around it or repeated."""
    folded = password.lower().replace(" ", "")
    bare = folded.strip("0123456789!@#$%^&*()-_=+.,?/\\;:'\"")
    tried = {folded, bare, folded.translate(_LOOKALIKES), bare.translate(_LOOKALIKES)}
    return any(value in _common() or _unrepeated(value) in _common() for value in tried if value)


def _unrepeated(text: str) -> str:
    for length in range(1, len(text) // 2 + 1):
        if len(text) % length == 0 and text == text[:length] * (len(text) // length):
            return text[:length]
    return text


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = COMMON_PASSWORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
