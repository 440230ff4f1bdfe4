"""Numbers of orders and tubes, and the laboratory's own numbering."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.laboratory.models import NumberScheme

DIGITS = 9


def order_number(order_id: int) -> str:
    """Nine digits of the key and a check digit (Luhn), so that a mistyped number is nobody's."""
    body = f"{order_id:0{DIGITS}d}"
    return body + check_digit(body)


def check_digit(digits: str) -> str:
    """The Luhn digit of a number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def is_order_number(text: str) -> bool:
    """Whether a scanned or typed number can be an order's."""
    return text.isdigit() and len(text) > DIGITS and check_digit(text[:-1]) == text[-1]


def order_of_barcode(barcode: str) -> str | None:
    """The order's number inside a tube's barcode or an order's own; None when it is neither."""
    scanned = barcode.strip()
    for number in (scanned, scanned[:-2]):
        if is_order_number(number):
            return number
    return None


def specimen_barcode(number: str, index: int) -> str:
    """An order's number and two digits for the tube."""
    return f"{number}{index:02d}"


def next_lab_number(session: Session, laboratory_id: int, on: dt.date) -> str | None:
    """The next number by the laboratory's scheme, None without one; the row stays locked until the commit."""
    scheme = session.scalar(select(NumberScheme).where(NumberScheme.organization_id == laboratory_id).with_for_update())
    if scheme is None:
        return None
    period = period_of(scheme.reset, on)
    if len(period) == len(scheme.period) and period < scheme.period:
        # a clock that was put back begins no day again: its numbers are given already
        period, on = scheme.period, _first_day(scheme.period)
    scheme.last = scheme.last + 1 if scheme.period == period else 1
    scheme.period = period
    session.flush()
    return shown(scheme.prefix, scheme.width, scheme.last, on)


def _first_day(period: str) -> dt.date:
    return dt.date.fromisoformat(period + "-01" * (2 - period.count("-")))


def period_of(reset: str, on: dt.date) -> str:
    """What the counter belongs to."""
    return {"never": "", "year": f"{on:%Y}", "month": f"{on:%Y-%m}", "day": f"{on:%Y-%m-%d}"}[reset]


def shown(prefix: str, width: int, number: int, on: dt.date) -> str:
    """A number as it is written."""
    for name, value in (("{yy}", f"{on:%y}"), ("{mm}", f"{on:%m}"), ("{dd}", f"{on:%d}")):
        prefix = prefix.replace(name, value)
    return f"{prefix}{number:0{width}d}"


def today() -> dt.date:
    """The day a number is given on."""
    return clock.today()
