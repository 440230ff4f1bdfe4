"""Who typed a command, as the operating system knows it: what a person says of himself is not asked."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

NOBODY_SIGNED_IN = 2**32 - 1
LOGIN_UID = Path("/proc/self/loginuid")


def name() -> str:
    """The account of this process; whoever became another one by su or sudo is named too, as ``alice as saulyq``.

    The kernel keeps with which account a session began; variables of the environment, which anybody sets, do not count.
    """
    used, began = os.getuid(), _began_as()
    return _called(used) if began == used else f"{_called(began)} as {_called(used)}"


def _began_as() -> int:
    try:
        kept = int(LOGIN_UID.read_text("ascii"))
    except (OSError, ValueError):
        return os.getuid()
    return os.getuid() if kept == NOBODY_SIGNED_IN else kept


def _called(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
