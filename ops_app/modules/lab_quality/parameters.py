"""What a control can measure: the numeric parameters of the laboratory's catalogue, by the names people know."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.i18n import language
from ops_app.modules.laboratory.catalogue_models import Parameter
from ops_app.modules.visits.vitals import show_unit


def measured(session: Session) -> list[Parameter]:
    """Parameters an analyser gives as a number; calculated ones have no control of their own."""
    return list(
        session.scalars(
            select(Parameter)
            .where(Parameter.is_active, Parameter.kind == "numeric", Parameter.formula.is_(None))
            .order_by(Parameter.id)
        )
    )


def by_code(session: Session, code: str) -> Parameter | None:
    """One of them."""
    return next((each for each in measured(session) if each.code == code), None)


def titles(session: Session) -> dict[str, str]:
    """Their titles in the reader's language."""
    return {each.code: _title(each) for each in measured(session)}


def choices(session: Session) -> list[tuple[str, str]]:
    """The same to choose from, each with the unit its target is written in."""
    return sorted(
        ((each.code, _with_unit(_title(each), show_unit(each.unit))) for each in measured(session)),
        key=lambda choice: choice[1].casefold(),
    )


def _with_unit(title: str, unit: str) -> str:
    return f"{title}, {unit}" if unit and not title.endswith(f", {unit}") else title


def _title(parameter: Parameter) -> str:
    return str(getattr(parameter, f"title_{language()}"))
