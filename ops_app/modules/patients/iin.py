"""The individual identification number: checksum, birth date and sex inside it.

Twelve digits: YYMMDD, century and sex, four of a series, a control digit. The database function
``patients.iin_agrees`` says the same; a property test holds the two together.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

from ops_app.kit.business_number import control_digit

_TWELVE = re.compile(r"[0-9]{12}")


class IinProblem(StrEnum):
    """What is wrong with a number."""

    SHAPE = "shape"
    CONTROL_DIGIT = "control_digit"
    DATE = "date"
    CENTURY = "century"
    BIRTH_DATE = "birth_date"
    SEX = "sex"


@dataclass(frozen=True)
class IinFacts:
    """What the number itself says; a foreigner's (seventh digit 0) says neither century nor sex."""

    birth_date: dt.date | None
    sex: str | None


def read(iin: str) -> IinFacts | IinProblem:
    """Check a number by itself and return what it says, or the first thing that is wrong."""
    if not _TWELVE.fullmatch(iin):
        return IinProblem.SHAPE
    if control_digit(iin[:11]) != int(iin[11]):
        return IinProblem.CONTROL_DIGIT
    marker = int(iin[6])
    if marker > 6:
        return IinProblem.CENTURY
    # 2000 is a leap year, so it accepts 29 February where only the century could refuse it.
    century = 1800 + (marker - 1) // 2 * 100 if marker else 2000
    try:
        birth_date = dt.date(century + int(iin[:2]), int(iin[2:4]), int(iin[4:6]))
    except ValueError:
        return IinProblem.DATE
    if marker == 0:
        return IinFacts(None, None)
    return IinFacts(birth_date, "male" if marker % 2 else "female")


def problem(iin: str, birth_date: dt.date | None = None, sex: str | None = None) -> IinProblem | None:
    """What is wrong with a number, alone or beside a birth date and sex; None when they agree."""
    facts = read(iin)
    if isinstance(facts, IinProblem):
        return facts
    if birth_date is not None and iin[:6] != birth_date.strftime("%y%m%d"):
        return IinProblem.BIRTH_DATE
    if birth_date is not None and facts.birth_date is not None and facts.birth_date != birth_date:
        return IinProblem.BIRTH_DATE
    if sex in ("male", "female") and facts.sex is not None and facts.sex != sex:
        return IinProblem.SEX
    return None


def agrees(iin: str, birth_date: dt.date, sex: str) -> bool:
    """Whether the database would accept the number with this birth date and sex."""
    return problem(iin, birth_date, sex) is None
