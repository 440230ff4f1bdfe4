"""Whether a folder lies on an encrypted device, as the kernel tells it.

dm-crypt (LUKS) names its devices ``CRYPT-…`` (device-mapper uuid), also below LVM; ext4 and f2fs encrypt by folder
(fscrypt, ``FS_IOC_GET_ENCRYPTION_POLICY_EX``); ZFS says it by its own tool. What lies in memory only is never at rest.
A disk that encrypts itself or a provider's volume cannot be seen from here: that is ``plain`` unless the installation
names the provider's document.
"""

import fcntl
import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from saulyq.errors import SaulyqError
from saulyq.settings import Mode, Settings

State = Literal["encrypted", "memory", "documented", "plain"]

_IN_MEMORY = ("tmpfs", "ramfs")
# _IOWR('f', 22, __u8[9]); the buffer: the size, then a union of the policies' versions
_GET_POLICY_EX = 0xC0096616
_POLICY_BYTES = 24


@dataclass(frozen=True)
class Location:
    """A place where the installation keeps personal data."""

    name: str
    path: Path | None
    """None: on another machine."""
    state: State

    @property
    def is_protected(self) -> bool:
        """Whether a stolen disk would tell nothing."""
        return self.state != "plain"


def locations(current: Settings) -> list[Location]:
    """Every place where personal data lie, with its state; backups are encrypted files wherever they lie."""
    outside = current.database_url_outside is not None
    paths = {
        "database": None if outside else current.home / "postgres",
        "files": current.home,
        "images": current.images_dir,
        "lake": current.home / "lake",
        "warehouse": current.home / "warehouse",
        "secrets": current.secrets_dir,
    }
    return [Location(name, path, _state(current, path)) for name, path in paths.items()]


def _state(current: Settings, path: Path | None) -> State:
    found: State = "plain" if path is None else measured(path)
    return "documented" if found == "plain" and current.storage_encryption_document else found


def refuse_plain_storage(current: Settings) -> None:
    """Production does not start on a disk that anybody could read (order ҚР ДСМ-80, item 27(3))."""
    if current.mode is not Mode.production:
        return
    plain = [f"{each.name} ({each.path or 'other machine'})" for each in locations(current) if not each.is_protected]
    if plain:
        raise SaulyqError(
            "production keeps personal data on encrypted disks only, and these are not: %(places)s. "
            "Put them on LUKS, or name the provider's document in SAULYQ_STORAGE_ENCRYPTION_DOCUMENT",
            places=", ".join(plain),
        )


def measured(path: Path, root: Path = Path("/")) -> State:
    """What the kernel says of the file system under a path; ``root`` is where /proc and /sys stand."""
    while not path.exists():
        path = path.parent
    if _by_folder(path):
        return "encrypted"
    kind, source, number = _mount(path.resolve(), root)
    if kind in _IN_MEMORY:
        return "memory"
    if kind == "zfs":
        return "encrypted" if _zfs_encrypts(source) else "plain"
    # btrfs and overlays show a number of their own: the device is the one they name
    device = root / "sys/dev/block" / number
    if not device.exists():
        device = root / "sys/class/block" / Path(os.path.realpath(source)).name
    return "encrypted" if _is_crypt(device) else "plain"


def _mount(path: Path, root: Path) -> tuple[str, str, str]:
    """File system, source and device number of the mount a path lies on (proc_pid_mountinfo(5))."""
    best, found = -1, ("", "", "")
    for line in (root / "proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        fields, more = before.split(), after.split()
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4]))
        # of mounts on one point the last one counts
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), (more[0], more[1], fields[2])
    return found


def _is_crypt(device: Path) -> bool:
    try:
        if (device / "dm/uuid").read_text().startswith("CRYPT-"):
            return True
    except OSError:
        pass
    below = sorted((device / "slaves").iterdir()) if (device / "slaves").is_dir() else []
    return bool(below) and all(_is_crypt(each) for each in below)


def _by_folder(path: Path) -> bool:
    if not path.is_dir():
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, _GET_POLICY_EX, bytearray(struct.pack("=Q", _POLICY_BYTES) + bytes(_POLICY_BYTES)))
    except OSError:
        # ENODATA: not encrypted; ENOTTY: a file system that knows nothing of it
        return False
    finally:
        os.close(descriptor)
    return True


def _zfs_encrypts(dataset: str) -> bool:
    tool = shutil.which("zfs")
    if tool is None:
        return False
    asked = subprocess.run([tool, "get", "-H", "-o", "value", "encryption", dataset], capture_output=True, text=True)
    return asked.returncode == 0 and asked.stdout.strip() not in ("", "off", "-")
