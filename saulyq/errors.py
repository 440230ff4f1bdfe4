"""The failures a user can do something about; the command line tells each in one line, in the user's language."""

from collections.abc import Mapping


class SaulyqError(Exception):
    """An expected failure: its text says what happened and what to do.

    The text is an English msgid, ``%(name)s`` stands where a value belongs. `str()` is English, as logs are; whoever
    shows it to a person says it in his language with `saulyq.language.told`.
    """

    exit_code = 1

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(filled(message, values))
        self.message, self.values = message, values


class Unavailable(SaulyqError):
    """A part, a tool or a file that the command needs is not there."""

    exit_code = 3


class UsageError(SaulyqError):
    """The command was asked for something that does not exist."""

    exit_code = 2


def filled(message: str, values: Mapping[str, object], thousands: str = ",") -> str:
    """The text with its values; whole numbers in groups of three, so what only names something comes as a string."""
    if not values:
        return message
    return message % {name: _shown(value, thousands) for name, value in values.items()}


def _shown(value: object, thousands: str) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", thousands)
    # a phrase that has the three languages
    return getattr(value, "en", value)
