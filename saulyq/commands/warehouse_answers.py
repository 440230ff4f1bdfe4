"""Turns the warehouse's refusals into the command line's one-line failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from saulyq.errors import SaulyqError, UsageError
from saulyq.output import say


@contextmanager
def answered() -> Iterator[ModuleType]:
    """Give `warehouse.query` to the body; say so when nothing was built yet."""
    from warehouse import query

    try:
        if query.current_file() is None:
            say("the warehouse is not built yet; run: saulyq pipeline run")
        yield query
    except query.UnknownCode as error:
        raise UsageError(error.message, **error.values) from None
    except query.QueryError as error:
        raise SaulyqError(error.message, **error.values) from None
