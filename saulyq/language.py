"""The language of the command line: what it shows a person is in Kazakh, Russian or English.

Msgids are English and their catalogues are made by ``python scripts/messages.py``, as the operational app's are; these
are compiled beside their sources, because reading them as text would double the time of a command (ADR 48).
`saulyq.output` translates what it prints, `told` an error where it is shown; nothing is translated in between, and logs
and the keys of ``--json`` stay English.
"""

import gettext as gnu
import os
from functools import lru_cache
from pathlib import Path

from saulyq.errors import SaulyqError, filled

VARIABLE = "SAULYQ_LANGUAGE"
TRANSLATED = ("kk", "ru")
"""English needs no catalogue."""
CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "messages"
"""The one that Typer asks for its own few words."""


def language() -> str:
    """What SAULYQ_LANGUAGE says, else the first of the locale's variables that is set (POSIX); else English."""
    for variable in (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        if wanted := os.environ.get(variable):
            code = wanted.lower().replace("-", "_").split(".")[0].split("_")[0]
            return code if code in TRANSLATED else "en"
    return "en"


def speak() -> str:
    """Let this process and the libraries it calls speak the user's language; give it."""
    chosen = language()
    if chosen != "en":
        # what GNU gettext, and with it Typer, asks first
        os.environ["LANGUAGE"] = chosen
        gnu.bindtextdomain(DOMAIN, CATALOGUES)
    return chosen


@lru_cache(maxsize=len(TRANSLATED))
def _catalogue(chosen: str) -> gnu.NullTranslations:
    return gnu.translation(DOMAIN, CATALOGUES, [chosen], fallback=chosen == "en")


def translated(message: str, /, **values: object) -> str:
    """The text in the user's language, with ``%(name)s`` filled in."""
    chosen = language()
    # an empty msgid would find the header of the catalogue
    text = _catalogue(chosen).gettext(message) if message else ""
    return filled(text, {name: _value(value, chosen) for name, value in values.items()}, "," if chosen == "en" else " ")


_ = translated


def N_(message: str) -> str:
    """Mark a constant for translation; show it through `_`."""
    return message


def told(error: Exception) -> str:
    """What an error says, in the user's language."""
    return translated(str(getattr(error, "message", error)), **getattr(error, "values", {}))


def _value(value: object, chosen: str) -> object:
    """An error within an error is told too, and a text that has the three languages is shown in the right one."""
    if isinstance(value, SaulyqError):
        return told(value)
    return getattr(value, chosen, value)
