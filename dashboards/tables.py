"""Plain HTML tables and figures: they wrap long Kazakh words, read aloud well, and have no export button."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

WIDE = 5
"""From this many columns a row becomes a list on a phone."""
STYLE = Path(__file__).parent / "look.css"


@dataclass(frozen=True)
class Link:
    """A cell that leads to another program, in a tab of its own."""

    label: str
    address: str


@dataclass(frozen=True)
class Mark:
    """A cell with a meaning: its colour never stands alone."""

    label: str
    tone: str
    before: str = ""
    """What stands in a line of its own above the label, of the same colour."""


Cell = str | int | Link | Mark | None


def style() -> None:
    """The few rules that Streamlit's theme has no setting for."""
    st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")


def table(headings: Sequence[str], rows: Iterable[Sequence[Cell]], numeric: Iterable[int] = ()) -> None:
    """A table; the columns named in ``numeric`` are right-aligned."""
    right = set(numeric)

    def number(at: int) -> str:
        return " class=num" if at in right else ""

    names = [escape(heading, quote=True) for heading in headings]
    head = "".join(f"<th scope=col{number(at)}>{name}</th>" for at, name in enumerate(names))
    body = "".join(
        "<tr>"
        + "".join(f"<td{number(at)} data-name='{names[at]}'>{_cell(cell)}</td>" for at, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    wide = " sq-wide" if len(names) >= WIDE else ""
    st.html(f"<div class='sq-scroll' tabindex=0><table class='sq-table{wide}'><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>")  # fmt: skip


def figures(values: Sequence[tuple[str, str, str]]) -> None:
    """Large numbers: label, value, and what the value is made of."""
    parts = (
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd><dd class=note>{escape(note)}</dd></div>"
        for label, value, note in values
    )
    st.html(f"<dl class='sq-figures'>{''.join(parts)}</dl>")


def bars(rows: Sequence[tuple[str, float, str]]) -> None:
    """Named bars of shares between 0 and 1 with their figure."""
    parts = (
        f"<div class='sq-bar'><span class=name>{escape(name)}</span>{meter(share)}"
        f"<span class=num>{escape(text)}</span></div>"
        for name, share, text in rows
    )
    st.html(f"<div class='sq-bars'>{''.join(parts)}</div>")


def meter(share: float, is_marked: bool = False) -> str:
    """One bar."""
    width = 100 * min(max(share, 0.0), 1.0)
    return f"<span class='track{' marked' if is_marked else ''}'><i style='width:{width:.1f}%'></i></span>"


def _cell(value: Cell) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, Link):
        return f"<a href='{escape(value.address, quote=True)}' target='_blank' rel='noopener'>{escape(value.label)}</a>"
    if isinstance(value, Mark):
        first = f"<span class=sq-line>{escape(value.before)}</span> " if value.before else ""
        return f"<span class='sq-{escape(value.tone)}'>{first}{escape(value.label)}</span>"
    return escape(str(value))
