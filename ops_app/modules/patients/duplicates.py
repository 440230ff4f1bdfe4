"""Whether two records may be one person: a score with its reasons.

Only records that share a block are compared: the same birth date (also with day and month exchanged), or the same
family and given name with a birth date that differs in one part. Agreement and disagreement of each field
add points; from ``LIKELY`` on the registrar is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ops_app.i18n import N_
from ops_app.kit.spelling import fold
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.names import one_typo_apart

LIKELY = 80
"""Points from which two records are shown as one person."""
MOST_COMPARED = 2000

_SHORTEST_ROOT = 4
# Endings that a surname gains, loses and changes between documents: Ахметов, Ахметова, Ахмет, Ахметұлы.
_ENDINGS = ("ova", "eva", "ina", "ov", "ev", "in", "uli", "kizi", "a")

REASONS = {
    "document": N_("same document"),
    "family": N_("same family name"),
    "family_ending": N_("family name with another ending"),
    "family_typo": N_("family name with one letter different"),
    "family_other": N_("another family name: it may have been changed"),
    "given": N_("same given name"),
    "given_typo": N_("given name with one letter different"),
    "names_swapped": N_("family and given name exchanged"),
    "patronymic": N_("same patronymic"),
    "patronymic_typo": N_("patronymic with one letter different"),
    "patronymic_missing": N_("patronymic missing"),
    "birth_date": N_("same birth date"),
    "birth_swapped": N_("day and month exchanged"),
    "birth_slip": N_("birth date with one digit different"),
    "birth_part": N_("birth date differs in one part"),
    "phone": N_("same phone"),
    "two_numbers": N_("but each has an IIN of its own"),
}


class Known(Protocol):
    """What is compared; a stored person has it, and so has a form that is being filled in."""

    @property
    def iin(self) -> str | None: ...
    @property
    def family_fold(self) -> str: ...
    @property
    def given_fold(self) -> str: ...
    @property
    def patronymic_fold(self) -> str | None: ...
    @property
    def sex(self) -> str: ...
    @property
    def birth_date(self) -> dt.date: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def document_number(self) -> str | None: ...


@dataclass(frozen=True)
class Entered:
    """A person about to be registered."""

    iin: str | None
    family_fold: str
    given_fold: str
    patronymic_fold: str | None
    sex: str
    birth_date: dt.date
    phone: str | None = None
    document_number: str | None = None


def entered(
    family_name: str,
    given_name: str,
    patronymic: str | None,
    birth_date: dt.date,
    sex: str = "unknown",
    *,
    iin: str | None = None,
    phone: str | None = None,
    document_number: str | None = None,
) -> Entered:
    """A person as typed, folded as the register folds names."""
    folded = fold(patronymic) if patronymic else None
    return Entered(iin, fold(family_name), fold(given_name), folded, sex, birth_date, phone, document_number)


@dataclass(frozen=True)
class Match:
    """How near two records are, and why."""

    points: int
    reasons: tuple[str, ...]
    """Keys of ``REASONS``."""

    @property
    def is_likely(self) -> bool:
        return self.points >= LIKELY


def compare(one: Known, other: Known) -> Match:
    """Score two records; the order does not matter."""
    found = [_birth(one.birth_date, other.birth_date), *_names(one, other), _patronymic(one, other)]
    if one.document_number and one.document_number == other.document_number:
        found.append((40, "document"))
    if one.phone and one.phone == other.phone:
        found.append((8, "phone"))
    if {one.sex, other.sex} == {"male", "female"}:
        found.append((-40, ""))
    if one.iin and other.iin and one.iin != other.iin:
        # The control digit makes a slip into somebody else's number unlikely, not impossible.
        found.append((-10, "two_numbers"))
    points = sum(weight for weight, _reason in found)
    return Match(points, tuple(reason for _weight, reason in found if reason))


def _birth(one: dt.date, other: dt.date) -> tuple[int, str]:
    if one == other:
        return 35, "birth_date"
    if one.year == other.year and (one.day, one.month) == (other.month, other.day):
        return 28, "birth_swapped"
    # One wrong key; another day or month as a whole is common among namesakes.
    wrong = sum(a != b for a, b in zip(one.isoformat(), other.isoformat(), strict=True))
    if wrong == 1:
        return 15, "birth_slip"
    parts = (one.year == other.year) + (one.month == other.month) + (one.day == other.day)
    return (4, "birth_part") if parts == 2 else (-60, "")


def _names(one: Known, other: Known) -> list[tuple[int, str]]:
    if (
        one.family_fold == other.given_fold
        and one.given_fold == other.family_fold
        and one.family_fold != one.given_fold
    ):
        return [(50, "names_swapped")]
    return [_family(one, other), _given(one, other)]


def _family(one: Known, other: Known) -> tuple[int, str]:
    if one.family_fold == other.family_fold:
        return 30, "family"
    if _root(one.family_fold) == _root(other.family_fold):
        return 26, "family_ending"
    if one_typo_apart(one.family_fold, other.family_fold):
        return 24, "family_typo"
    # Women change it at marriage; a man with the same other names is more often somebody else.
    return (0, "family_other") if "male" not in (one.sex, other.sex) else (-8, "family_other")


def _given(one: Known, other: Known) -> tuple[int, str]:
    if one.given_fold == other.given_fold:
        return 25, "given"
    if min(len(one.given_fold), len(other.given_fold)) >= _SHORTEST_ROOT and one_typo_apart(
        one.given_fold, other.given_fold
    ):
        return 18, "given_typo"
    return -60, ""


def _patronymic(one: Known, other: Known) -> tuple[int, str]:
    first, second = one.patronymic_fold, other.patronymic_fold
    if not first and not second:
        return 12, ""
    if not first or not second:
        return 8, "patronymic_missing"
    if first == second or _father(first) == _father(second):
        return 20, "patronymic"
    if one_typo_apart(first, second):
        return 15, "patronymic_typo"
    return -30, ""


def _root(family: str) -> str:
    for ending in _ENDINGS:
        if family.endswith(ending) and len(family) - len(ending) >= _SHORTEST_ROOT:
            return family.removesuffix(ending)
    return family


def _father(patronymic: str) -> str:
    """Ерланұлы and Ерланович name the same father."""
    for ending in ("kizi", "uli", "ovich", "evich", "ovna", "evna", "ich", "na"):
        if patronymic.endswith(ending) and len(patronymic) - len(ending) >= _SHORTEST_ROOT - 1:
            return patronymic.removesuffix(ending)
    return patronymic


def birth_dates_of(birth_date: dt.date) -> list[dt.date]:
    """Birth dates whose bearers are compared: the typed one, and the one with day and month exchanged."""
    if birth_date.day > 12 or birth_date.day == birth_date.month:
        return [birth_date]
    return [birth_date, birth_date.replace(month=birth_date.day, day=birth_date.month)]


def blocks_of(known: Known) -> set[tuple[object, ...]]:
    """Keys of the blocks a record stands in, for comparing many records at once; ``doubles_of`` asks the same."""
    born = known.birth_date
    names = tuple(sorted((known.family_fold, known.given_fold)))
    dates = {("date", date) for date in birth_dates_of(born)}
    return {*dates, ("year", names, born.year), ("day", names, born.month, born.day)}


@dataclass(frozen=True)
class Double:
    """A registered person who is likely the one being registered."""

    person: Patient
    match: Match


def doubles_of(session: Session, known: Known, *, besides: int | None = None) -> list[Double]:
    """Registered people who are likely the same person, the nearest first."""
    family, given, born = known.family_fold, known.given_fold, known.birth_date
    same_names = and_(
        or_(
            and_(Patient.family_fold == family, Patient.given_fold == given),
            and_(Patient.family_fold == given, Patient.given_fold == family),
        ),
        or_(
            func.date_part("year", Patient.birth_date) == born.year,
            and_(
                func.date_part("month", Patient.birth_date) == born.month,
                func.date_part("day", Patient.birth_date) == born.day,
            ),
        ),
    )
    statement = (
        select(Patient)
        .where(or_(Patient.birth_date.in_(birth_dates_of(born)), same_names))
        .where(Patient.is_live, Patient.entered_in_error_at.is_(None))
        .order_by(Patient.sort_key, Patient.id)
        .limit(MOST_COMPARED)
    )
    if besides is not None:
        statement = statement.where(Patient.id != besides)
    return nearest(known, session.scalars(statement).all())


def nearest(known: Known, people: Sequence[Patient]) -> list[Double]:
    """Those of several people who are likely the same, the nearest first."""
    found = [Double(person, match) for person in people if (match := compare(known, person)).is_likely]
    return sorted(found, key=lambda double: (-double.match.points, double.person.id))
