"""What may be said: kinds of notices, declared by modules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of notice. Its title is all that is ever said: no names, no diagnoses, no numbers."""

    kind: str
    """``module:thing``."""
    title: str
    """Marked with ``N_()``; a whole sentence without any value in it."""

    def __post_init__(self) -> None:
        if "%" in self.title or "{" in self.title:
            raise ValueError(
                f"the title of {self.kind} has a place for a value; what a notice says is the same for all"
            )
