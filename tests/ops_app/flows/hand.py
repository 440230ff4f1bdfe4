"""A hand at a page: does what a person does and counts it.

An act is one click or one key that commands (Enter, Ctrl-Enter, n); choosing in a list of the browser is two.
Characters are counted apart, because most of them are what only the person knows.
"""

from __future__ import annotations

from playwright.sync_api import Page


class Hand:
    """Counts the acts and the characters of one task."""

    def __init__(self, page: Page):
        self.page = page
        self.acts = 0
        self.characters = 0

    def key(self, key: str) -> None:
        """A key that commands."""
        self.page.keyboard.press(key)
        self.acts += 1

    def write(self, text: str) -> None:
        """What is typed where the hand stands."""
        self.page.keyboard.type(text)
        self.characters += len(text)

    def click(self, selector: str) -> None:
        """A click with the mouse."""
        self.page.locator(selector).first.click()
        self.acts += 1

    def choose(self, selector: str, value: str) -> None:
        """A line of a list of the browser: one click opens it, one takes the line."""
        self.page.locator(selector).first.select_option(value)
        self.acts += 2

    def code(self, field: str, letters: str) -> None:
        """A code found by typing, taken with Enter; the hand stands in the field."""
        self.write(letters)
        self.page.locator(f"#l-{field} [role=option][data-value]").first.wait_for()
        self.key("Enter")
