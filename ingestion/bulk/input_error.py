"""The error of an input that cannot be read as a whole."""

from saulyq.errors import UsageError


class InputError(UsageError):
    """A folder or file as a whole cannot be loaded; the text says what to give instead."""
