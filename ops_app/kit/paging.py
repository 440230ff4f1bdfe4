"""Server-side paging and sorting of lists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Request
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

T = TypeVar("T")

PAGE_SIZES = (25, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for, with the filters of the address kept for the links."""

    number: int
    size: int
    sort: str | None
    descending: bool
    path: str
    query: tuple[tuple[str, str], ...]

    def url(self, **changes: str | int | None) -> str:
        """The address of the same list with some parameters changed; None removes one."""
        kept = [(key, value) for key, value in self.query if key not in changes]
        kept += [(key, str(value)) for key, value in changes.items() if value is not None]
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def sort_url(self, column: str) -> str:
        """The address that sorts by a column, or turns the direction round."""
        turned = self.sort == column and not self.descending
        return self.url(sort=f"-{column}" if turned else column, page=None)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``total`` is None where counting would cost more than it tells."""

    items: Sequence[T]
    request: PageRequest
    has_next: bool
    total: int | None = None

    @property
    def first(self) -> int:
        return (self.request.number - 1) * self.request.size + 1 if self.items else 0

    @property
    def last(self) -> int:
        return (self.request.number - 1) * self.request.size + len(self.items)

    @property
    def number(self) -> int:
        return self.request.number


def page_request(request: Request, page: int = 1, size: int = 50, sort: str | None = None) -> PageRequest:
    """Read ``?page=&size=&sort=-column``; out of range gives the nearest page."""
    column = sort.removeprefix("-") if sort else None
    return PageRequest(
        number=max(1, min(page, 10_000)),
        size=size if size in PAGE_SIZES else 50,
        sort=column or None,
        descending=bool(sort and sort.startswith("-")),
        path=request.url.path,
        query=tuple(request.query_params.multi_items()),
    )


Paging = Annotated[PageRequest, Depends(page_request)]


def sorted_by(
    paging: PageRequest, sortable: Mapping[str, ColumnElement[Any] | Any], default: Sequence[Any]
) -> list[Any]:
    """The order that was asked for, where the list may be sorted by it, and then the list's own."""
    if paging.sort is None or paging.sort not in sortable:
        return list(default)
    column = sortable[paging.sort]
    return [column.desc() if paging.descending else column.asc(), *default]


def fetch_page(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    paging: PageRequest,
    *,
    sortable: Mapping[str, ColumnElement[Any] | Any],
    default: Sequence[Any],
    count: bool = True,
    scalars: bool = False,
) -> Page[Any]:
    """Run one page of a SELECT: sorted by a listed column, then by ``default``, which must be unique."""
    total = None
    if count:
        total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
        # Rows may have gone since the link was made: the last page, never an empty one that says nothing fits.
        paging = replace(paging, number=min(paging.number, max(1, math.ceil(total / paging.size))))
    limited = (
        statement.order_by(*sorted_by(paging, sortable, default))
        .offset((paging.number - 1) * paging.size)
        .limit(paging.size + 1)
    )
    rows: list[Any] = list(session.scalars(limited) if scalars else session.execute(limited))
    return Page(rows[: paging.size], paging, len(rows) > paging.size, total)
