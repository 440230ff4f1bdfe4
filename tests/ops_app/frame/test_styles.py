"""The style sheet that is built from parts of Bootstrap has every class of it that a page names."""

from __future__ import annotations

import re
from pathlib import Path

OPS = Path(__file__).resolve().parents[3] / "ops_app"
STATIC = OPS / "ui/static"
STYLE = STATIC / "vendor/style.css"
PARTS = OPS / "ui/styles"
ALL_OF_BOOTSTRAP = OPS / "ui/node_modules/bootstrap/dist/css/bootstrap.min.css"
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
SLOW_LINE_BYTES = 20_000


def classes_in(style: str) -> set[str]:
    return set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", style))


def named_by_pages() -> dict[str, str]:
    found: dict[str, str] = {}
    for page in OPS.rglob("*.html"):
        if "node_modules" in page.parts:
            continue
        text = page.read_text(encoding="utf-8")
        for attribute in re.findall(r'class="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)"', text, re.DOTALL):
            words = JINJA.sub(" ", attribute).split() + re.findall(r"['\"]([\w-]+)['\"]", attribute)
            found |= dict.fromkeys(words, page.name)
    for script in STATIC.rglob("*.js"):
        if "vendor" not in script.parts:
            words = re.findall(r'className: "([^"]+)"|classList\.\w+\("([^"]+)"', script.read_text(encoding="utf-8"))
            found |= dict.fromkeys(" ".join(a or b for a, b in words).split(), script.name)
    return found


def test_no_page_names_a_class_that_was_left_out() -> None:
    ours = classes_in(STYLE.read_text(encoding="utf-8"))
    left_out = classes_in(ALL_OF_BOOTSTRAP.read_text()) - ours
    named = named_by_pages()
    assert "btn-primary" in named
    assert {name: page for name, page in named.items() if name in left_out} == {}


def test_both_looks_are_there_and_the_sheet_is_small() -> None:
    style = STYLE.read_text(encoding="utf-8")
    assert "[data-bs-theme=dark]" in style
    ours = "".join(part.read_text(encoding="utf-8") for part in PARTS.glob("*.css"))
    wanted = set(re.findall(r"var\((--bs-[\w-]+)\)", ours))
    assert not {name for name in wanted if f"{name}:" not in style}
    assert len(style) < 6 * SLOW_LINE_BYTES


def test_every_part_is_in_the_one_sheet_and_small() -> None:
    named = re.findall(r'@import "styles/(\w+)"', (OPS / "ui/style.scss").read_text(encoding="utf-8"))
    assert sorted(named) == sorted(part.stem for part in PARTS.glob("*.css"))
    assert max(len(part.read_text(encoding="utf-8").splitlines()) for part in PARTS.glob("*.css")) < 150


def test_no_page_carries_a_style_that_its_policy_blocks() -> None:
    pages = [each for each in OPS.rglob("*.html") if "node_modules" not in each.parts]
    carried = {each.name for each in pages if re.search(r"<[a-z][^>{]*\sstyle=", each.read_text(encoding="utf-8"))}
    assert pages
    assert not carried
