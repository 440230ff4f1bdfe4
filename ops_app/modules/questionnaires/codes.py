"""Codes of classifiers in answers: looked up in the edition that was in force on the day of the form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.i18n import _
from ops_app.mechanisms.questionnaire.coding import resolved
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.loading import DefinitionError, Problem
from ops_app.modules.classifiers.models import CodeSystem
from ops_app.modules.classifiers.queries import coding_on


def with_codes(session: Session, compiled: Compiled, answers: Mapping[str, Any], day: dt.date) -> dict[str, Any]:
    """The answers with book, edition and titles of each code as of a day."""

    @cache
    def find(system: str, text: str) -> dict[str, Any] | None:
        return coding_on(session, system, text, day)

    return resolved(compiled, answers, find)


def refuse_unknown_books(session: Session, compiled: Compiled) -> None:
    """A definition names reference books that are entered here; raises DefinitionError."""
    known = set(session.scalars(select(CodeSystem.system)))
    problems = [
        Problem(f"{item} › system", _("There is no reference book with this short name: %(name)s", name=system))
        for system, item in compiled.definition.books.items()
        if system not in known
    ]
    if problems:
        raise DefinitionError(problems)
