"""A field as a register declares it: title, kind, the values it may take; and its value in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import Invalid
from ops_app.i18n import _, gettext
from ops_app.kit.dates import show_date
from ops_app.kit.form_fields import Form

Options = Callable[[Session, Scope], Sequence[tuple[str, str]]]
Choices = Mapping[str, Sequence[tuple[str, str]]]
"""By field name: the values a person may choose, with their titles."""


@dataclass(frozen=True, slots=True)
class RegisterField:
    """A field of the form, and a column of the list where ``listed``."""

    name: str
    title: str
    """Marked with ``N_()``."""
    kind: Literal["text", "number", "date", "select", "check", "code"] = "text"
    titles: tuple[tuple[str, str], ...] = ()
    options: Options | None = None
    system: str = ""
    """The classifier of a field of kind ``code``."""
    required: bool = False
    listed: bool = True
    hint: str = ""
    """What to write, with an example; marked with ``N_()``."""


def choices_of(session: Session, scope: Scope, fields: Iterable[RegisterField]) -> dict[str, list[tuple[str, str]]]:
    """What each field to choose from offers within a scope."""
    return {
        each.name: list(each.options(session, scope))
        if each.options
        else [(value, gettext(title)) for value, title in each.titles]
        for each in fields
        if each.kind == "select"
    }


def refuse_unlisted(session: Session, scope: Scope, fields: Iterable[RegisterField], values: Mapping[str, Any]) -> None:
    """Refuse a value that its field does not offer within a scope."""
    for each in fields:
        value = values.get(each.name)
        if each.options and value is not None and str(value) not in dict(each.options(session, scope)):
            raise Invalid(_("Choose one of the listed values"), field=each.name)


def reworded(form: Form[Any], fields: Iterable[RegisterField]) -> Form[Any]:
    """The same form with its errors in the order of the fields; where one chooses, the error says to choose."""
    known = dict(form.errors)
    errors = {}
    for each in fields:
        if each.name in known:
            message = known.pop(each.name)
            # Pydantic does not know that a list stands there.
            is_empty_choice = each.kind == "select" and not form.text(each.name)
            errors[each.name] = _("Choose one of the listed values") if is_empty_choice else message
    return replace(form, errors=errors | known)


def in_words(each: RegisterField, value: Any, choices: Choices) -> str:
    """A stored value as people read it; empty for what is not known."""
    if value is None or value is False:
        return ""
    if each.kind == "check":
        return _("yes")
    if each.kind == "date":
        return show_date(value)
    if each.kind in ("select", "code"):
        return dict(choices.get(each.name, ())).get(str(value), str(value))
    return str(value)
