"""The failures a user can do something about; the command line prints them as one line."""


class SaulyqError(Exception):
    """An expected failure: its text says what happened and what to do."""

    exit_code = 1


class Unavailable(SaulyqError):
    """A part, a tool or a file that the command needs is not there."""

    exit_code = 3


class UsageError(SaulyqError):
    """The command was asked for something that does not exist."""

    exit_code = 2
