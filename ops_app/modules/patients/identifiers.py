"""Identifiers for people without an IIN, and what to tell about a wrong one."""

from __future__ import annotations

import datetime as dt
import secrets

from ops_app.i18n import _
from ops_app.modules.patients.iin import IinProblem
from ops_app.modules.patients.models import Patient


def temporary_id() -> str:
    """A new identifier for somebody without documents."""
    return f"T-{secrets.randbelow(10**9):09d}"


def newborn_id(mother: Patient, birth_date: dt.date, order: int) -> str:
    """The identifier of a newborn: the mother's, the day of birth and which child of the day it is.

    The population register names newborns the same way until the birth certificate brings an IIN.
    """
    return f"N-{mother.iin or mother.temporary_id}-{birth_date:%Y%m%d}-{order}"


def explain(problem: IinProblem) -> str:
    """What is wrong with a number and what to do."""
    return {
        IinProblem.SHAPE: _("An IIN has twelve digits, for example 850612400123"),
        IinProblem.CONTROL_DIGIT: _("The last digit of the IIN does not fit the others: check each digit"),
        IinProblem.DATE: _("The IIN begins with a date that does not exist: check the first six digits"),
        IinProblem.CENTURY: _("The seventh digit of an IIN is between 0 and 6"),
        IinProblem.BIRTH_DATE: _("The birth date does not agree with the IIN"),
        IinProblem.SEX: _("The sex does not agree with the IIN"),
    }[problem]


def field_of(problem: IinProblem) -> str:
    """The form field a problem belongs to."""
    return {IinProblem.BIRTH_DATE: "birth_date", IinProblem.SEX: "sex"}.get(problem, "iin")
