"""Who can open a backup: an age recipient; its identity may be kept far from this machine."""

import os
from pathlib import Path

import pyrage

from saulyq.errors import SaulyqError, Unavailable, UsageError
from saulyq.output import say
from saulyq.settings import Settings

IDENTITY, RECIPIENT = "backup_identity", "backup_recipient"


def recipient_of(settings: Settings, given: str | None = None) -> pyrage.x25519.Recipient:
    """The recipient to encrypt for: the given one, the kept one, or a new one made at the first backup."""
    kept = settings.secrets_dir / RECIPIENT
    if given is None and kept.exists():
        given = kept.read_text().strip()
    if given is None:
        given = _make(settings)
    try:
        return pyrage.x25519.Recipient.from_str(given)
    except pyrage.RecipientError:
        raise UsageError("'%(given)s' is no recipient; it begins with age1", given=given) from None


def identity_of(settings: Settings, file: Path | None = None) -> pyrage.x25519.Identity:
    """The identity that opens a backup."""
    file = file or settings.secrets_dir / IDENTITY
    try:
        lines = file.read_text().split()
    except OSError:
        raise Unavailable(
            "there is no identity in %(file)s; name the file that holds it with --identity", file=file
        ) from None
    written = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
    try:
        return pyrage.x25519.Identity.from_str(written[0])
    except (IndexError, pyrage.IdentityError):
        raise SaulyqError("%(file)s holds no identity; it begins with AGE-SECRET-KEY-", file=file) from None


def _make(settings: Settings) -> str:
    if settings.secrets_dir_outside is not None:
        raise UsageError("secrets are provided from outside: name the recipient with --recipient")
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    settings.secrets_dir.mkdir(parents=True, exist_ok=True)
    settings.secrets_dir.chmod(0o700)
    for name, text in ((IDENTITY, str(identity)), (RECIPIENT, recipient)):
        file = settings.secrets_dir / name
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(text + "\n")
    say(
        "a key for backups was made. Copy %(file)s to a safe place away from this machine: "
        "without it nobody can open the backups when this machine is lost.",
        file=settings.secrets_dir / IDENTITY,
    )
    return recipient
