"""PostgreSQL refuses to run as root, so for root its programs run as an unprivileged system user.

The modes of the user's own folders are never changed. Where the clone or the data directory lies under a
folder closed to others (a clone in root's home), the child keeps the one Linux capability that lets it pass
through closed folders, and none of the others.
"""

import ctypes
import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from saulyq.errors import Unavailable

SERVER_USERS = ("saulyq", "postgres", "nobody")

CAP_DAC_OVERRIDE = 1
CAP_SETPCAP = 8
CAPABILITY_VERSION_3 = 0x20080522
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
# Without this bit the kernel's access() ignores capabilities of a process that is not root,
# and PostgreSQL asks access() whether its own program file is there.
SECBIT_NO_SETUID_FIXUP = 4


@dataclass(frozen=True)
class ServerUser:
    """The system user that PostgreSQL's programs run as."""

    uid: int
    gid: int
    keeps_passage: bool

    def become(self) -> None:
        """Turn this process into the server user; there is no way back."""
        os.setgroups([])
        os.setgid(self.gid)
        if self.keeps_passage:
            _call("prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
        os.setuid(self.uid)
        if self.keeps_passage:
            _keep_only(CAP_DAC_OVERRIDE)

    def owns(self, path: Path) -> None:
        """Give a folder of ours to the server user."""
        os.chown(path, self.uid, self.gid)


def server_user(cluster: Path, *needed: Path) -> ServerUser | None:
    """The user to run as, or None when this process is an ordinary user already."""
    if os.geteuid() != 0:
        return None
    entry = _entry(cluster)
    closed = [folder for path in (cluster, *needed) if (folder := _closed_folder(path, entry.pw_uid))]
    if closed and not _may_keep_passage():
        raise Unavailable(
            "as root the database runs as user %(user)s, who may not enter %(folder)s; put the "
            "clone and SAULYQ_HOME where every user may enter, such as /srv, or be an ordinary user",
            user=entry.pw_name,
            folder=closed[0],
        )
    return ServerUser(entry.pw_uid, entry.pw_gid, keeps_passage=bool(closed))


def preparation(user: ServerUser | None) -> Callable[[], None] | None:
    """What a child process calls before it becomes one of PostgreSQL's programs."""
    return None if user is None else user.become


def _entry(cluster: Path) -> pwd.struct_passwd:
    if cluster.exists() and (owner := cluster.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            raise Unavailable(
                "%(cluster)s belongs to user number %(owner)s, who is unknown here", cluster=cluster, owner=str(owner)
            ) from None
    for name in SERVER_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("PostgreSQL does not run as root and this machine has no user 'nobody'; make one")


def _closed_folder(path: Path, uid: int) -> Path | None:
    for folder in path.absolute().parents:
        if not folder.exists():
            continue
        status = folder.stat()
        passage = 0o100 if status.st_uid == uid else 0o001
        if not status.st_mode & passage:
            return folder
    return None


def _may_keep_passage() -> bool:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return False
    effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    wanted = 1 << CAP_DAC_OVERRIDE | 1 << CAP_SETPCAP
    return effective & wanted == wanted


def _keep_only(capability: int) -> None:
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable; then the same three for the upper 32 capabilities
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    _call("capset", header, sets)
    _call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _call(name: str, *arguments: object) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name} failed")
