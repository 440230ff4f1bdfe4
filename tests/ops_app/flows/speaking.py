"""Whether a page speaks one language: no text of our catalogues stands on it in another."""

from __future__ import annotations

import functools

from playwright.sync_api import Page

from ops_app.catalogues import TRANSLATED, read
from ops_app.i18n import catalogue_files

TEXTS = """language => {
  const foreign = element => {
    const said = element.closest("[lang]");
    return said !== null && said.lang !== language;
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const isSaid = !["SCRIPT", "STYLE", "TEMPLATE", "KBD"].includes(parent.tagName);
    if (isSaid && parent.checkVisibility() && !foreign(parent))
      texts.push(node.textContent);
  }
  for (const name of ["placeholder", "title", "aria-label"])
    for (const element of document.querySelectorAll(`[${name}]`))
      if (element.checkVisibility() && !foreign(element)) texts.push(element.getAttribute(name));
  return texts.map(text => text.replace(/\\s+/g, " ").trim()).filter(text => text.length > 3);
}"""


@functools.cache
def _said_in() -> dict[str, frozenset[str]]:
    """Every text of the catalogues without a placeholder, by language."""
    texts: dict[str, set[str]] = {"en": set(), **{language: set() for language in TRANSLATED}}
    for language in TRANSLATED:
        for path in catalogue_files(language):
            for message in read(path, language):
                if isinstance(message.id, str) and isinstance(message.string, str) and "%(" not in message.id:
                    texts["en"].add(message.id)
                    texts[language].add(message.string)
    return {language: frozenset(" ".join(text.split()) for text in said) for language, said in texts.items()}


@functools.cache
def _foreign_to(language: str) -> frozenset[str]:
    said = _said_in()
    return frozenset().union(*(texts for other, texts in said.items() if other != language)) - said[language]


def foreign_texts(page: Page, language: str) -> list[str]:
    """What the page says in the words of another language, hidden hints of its fields included."""
    shown: list[str] = page.evaluate(TEXTS, language)
    return sorted({text for text in shown if text in _foreign_to(language)})
