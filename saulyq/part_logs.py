"""The logs of the parts: which there are, and their last lines."""

import time
from collections import deque
from pathlib import Path

from saulyq.output import print_text
from saulyq.settings import Settings

POLL_SECONDS = 0.3


def files(current: Settings) -> dict[str, Path]:
    """Each part's log; the database's own is the newest of its weekdays."""
    found = {path.stem: path for path in sorted(current.logs_dir.glob("*.log"))}
    server = sorted((current.home / "postgres" / "log").glob("postgresql-*.log"), key=lambda p: p.stat().st_mtime)
    return found | ({"database": server[-1]} if server else {})


def show(logs: dict[str, Path], lines: int, follow: bool) -> None:
    """Print the last lines of each log, then what is added if asked."""
    for name, path in logs.items():
        for line in _last(path, lines):
            _print(name, line, named=len(logs) > 1)
    if follow:
        _follow(logs)


def _last(path: Path, lines: int) -> deque[str]:
    with path.open(errors="replace") as file:
        return deque(file, maxlen=lines)


def _follow(logs: dict[str, Path]) -> None:
    positions = {name: path.stat().st_size for name, path in logs.items()}
    while True:
        for name, path in logs.items():
            size = path.stat().st_size if path.exists() else 0
            # a rotated log starts anew
            start = positions[name] if size >= positions[name] else 0
            if size > start:
                with path.open(errors="replace") as file:
                    file.seek(start)
                    for line in file:
                        _print(name, line, named=len(logs) > 1)
            positions[name] = size
        time.sleep(POLL_SECONDS)


def _print(name: str, line: str, named: bool) -> None:
    print_text(f"{name:<15} {line.rstrip()}" if named else line.rstrip())
