"""The files of the installed program: sealed once, compared later; the seal is keyed, so it cannot be forged."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from saulyq.errors import SaulyqError, Unavailable
from saulyq.secrets import secret
from saulyq.settings import Settings

PARTS = ("saulyq", "ops_app", "ingestion", "pipelines", "quality", "warehouse", "dashboards", "dbt_project")
ROOT = Path(__file__).resolve().parent.parent
# made while the program runs, or fetched with a lock file of their own
LEFT_OUT = {"__pycache__", "node_modules", "target", "logs", "dbt_packages"}


@dataclass
class Report:
    """What differs from the sealed state."""

    sealed_at: str
    files: int
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Whether nothing differs."""
        return not (self.changed or self.removed or self.added)


def manifest_file(current: Settings) -> Path:
    """Where the sealed state lies."""
    return current.home / "integrity" / "manifest.json"


def seal(current: Settings, root: Path = ROOT) -> int:
    """Write down the hash of every file; give their number."""
    files = dict(_hashes(root))
    body = {"sealed_at": datetime.now(UTC).isoformat(timespec="seconds"), "files": files}
    path = manifest_file(current)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(body | {"seal": _seal(current, body)}, indent=0, ensure_ascii=False))
    draft.replace(path)
    return len(files)


def verify(current: Settings, root: Path = ROOT) -> Report:
    """Compare the files with the sealed state."""
    try:
        document = json.loads(manifest_file(current).read_text())
        body = {"sealed_at": document["sealed_at"], "files": document["files"]}
        sealed = str(document["seal"])
    except FileNotFoundError:
        raise Unavailable("no sealed state yet; run: saulyq integrity seal") from None
    except (ValueError, KeyError, TypeError):
        raise SaulyqError("the sealed state cannot be read: it was damaged or forged") from None
    if not hmac.compare_digest(_seal(current, body), sealed):
        raise SaulyqError("the sealed state was not written by this installation: it was damaged or forged")
    known, found = document["files"], dict(_hashes(root))
    return Report(
        sealed_at=document["sealed_at"],
        files=len(found),
        changed=sorted(name for name, value in found.items() if name in known and known[name] != value),
        removed=sorted(set(known) - set(found)),
        added=sorted(set(found) - set(known)),
    )


def _seal(current: Settings, body: Mapping[str, object]) -> str:
    key = secret(current.secrets_dir, "integrity_key")
    return hmac.new(key.encode(), json.dumps(body, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _hashes(root: Path) -> Iterator[tuple[str, str]]:
    for part in PARTS:
        for path in sorted((root / part).rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and path.suffix != ".pyc" and not LEFT_OUT & set(inside.parts):
                yield str(inside), hashlib.sha256(path.read_bytes()).hexdigest()
