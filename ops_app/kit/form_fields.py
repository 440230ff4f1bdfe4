"""A posted form checked by a Pydantic model: what was typed, what is wrong with it, what it means.

In a route: ``form = posted.check(VisitForm)``; if ``form.value`` is None show the page again with
``form`` and status 422; a rule of the service that fails (``Invalid``) joins through ``form.refuse``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from fastapi import Depends, Request
from pydantic import AfterValidator, BaseModel, ValidationError
from starlette.datastructures import FormData, QueryParams, UploadFile

from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.dates import show_date

M = TypeVar("M", bound=BaseModel)


@dataclass
class Form(Generic[M]):
    """A form on its way between the browser and the service."""

    raw: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """By field name, in the order of the page; the key "" holds what belongs to no field."""
    value: M | None = None
    ids: str = ""
    """What the ids of its fields begin with on a page that repeats the form."""

    def within(self, ids: str) -> Form[M]:
        """The same form among others like it on one page."""
        return replace(self, ids=ids)

    def text(self, name: str) -> str:
        """What stands in a field."""
        value = self.raw.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None:
            return ""
        return show_date(value) if hasattr(value, "strftime") and hasattr(value, "year") else str(value)

    def texts(self, name: str) -> list[str]:
        """All values of a field that repeats."""
        value = self.raw.get(name)
        if value is None:
            return []
        return [str(item) for item in value] if isinstance(value, list | tuple | set) else [str(value)]

    def checked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.text(name).lower() in ("1", "true", "on", "yes")

    def error(self, name: str) -> str | None:
        """What is wrong with a field."""
        return self.errors.get(name)

    def refuse(self, problem: OpsError) -> Form[M]:
        """Add what the service refused."""
        self.errors[problem.field or ""] = problem.message
        self.value = None
        return self


@dataclass(frozen=True)
class Posted:
    """The body of a POST, or the filters in an address, before anything is believed."""

    data: FormData | QueryParams

    def check(self, model: type[M]) -> Form[M]:
        """Read the body as a model. Empty fields count as not filled in."""
        raw: dict[str, Any] = {}
        for name, about in model.model_fields.items():
            key = about.alias or name
            values = [value for value in self.data.getlist(key) if not isinstance(value, UploadFile)]
            if _holds_many(about.annotation):
                raw[key] = [value for value in values if str(value).strip()]
            elif values and str(values[-1]).strip():
                raw[key] = str(values[-1]).strip()
        try:
            return Form(raw, {}, model.model_validate(raw))
        except ValidationError as refused:
            errors: dict[str, str] = {}
            for problem in refused.errors():
                name = str(problem["loc"][0]) if problem["loc"] else ""
                errors.setdefault(name, message_of(problem))
            return Form(raw, errors)

    def get(self, name: str) -> str | None:
        """One plain field."""
        value = self.data.get(name)
        return value if isinstance(value, str) else None


def listed(values: Collection[str]) -> AfterValidator:
    """A code among those that exist, refused in the words of every choice."""

    def check(value: str) -> str:
        if value not in values:
            raise ValueError(_("Choose one of the listed values"))
        return value

    return AfterValidator(check)


def blank(initial: Mapping[str, Any] | None = None) -> Form[Any]:
    """A form nobody has sent yet, with what is already known filled in."""
    return Form(dict(initial or {}))


async def posted_form(request: Request) -> Posted:
    """The form body of this request."""
    return Posted(await request.form())


PostedForm = Annotated[Posted, Depends(posted_form)]


def _holds_many(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (list, tuple, set, frozenset):
        return True
    if origin in (Union, UnionType):
        return any(_holds_many(option) for option in get_args(annotation))
    return False


def message_of(problem: Mapping[str, Any]) -> str:
    """What to tell the person about a value that Pydantic refused, with an example where it helps."""
    context = problem.get("ctx") or {}
    kind = problem["type"]
    if kind == "value_error":
        # The text of a ValueError raised by a validator of ours is already in the user's language.
        return str(context.get("error", problem["msg"]))
    if kind in ("too_short", "too_long") and isinstance(problem.get("input"), str):
        # A length checked after a validator of ours counts letters too, not choices.
        kind = f"string_{kind}"
    messages = {
        "missing": _("Fill in this field"),
        "string_too_short": _("Too short: at least %(n)s characters", n=context.get("min_length")),
        "string_too_long": _("Too long: at most %(n)s characters", n=context.get("max_length")),
        "string_pattern_mismatch": _("The value does not look right"),
        "too_short": _("Choose at least %(n)s", n=context.get("min_length")),
        "too_long": _("Choose at most %(n)s", n=context.get("max_length")),
        "date_text": _("Write a date, for example 20.11.2026, 20 11, today or +3"),
        "time_text": _("Write a time, for example 09:05"),
        "date_type": _("Write a date, for example 20.11.2026, 20 11, today or +3"),
        "date_from_datetime_parsing": _("Write a date, for example 20.11.2026, 20 11, today or +3"),
        "int_parsing": _("Write a whole number, for example 12"),
        "int_type": _("Write a whole number, for example 12"),
        "int_from_float": _("Write a whole number, for example 12"),
        "float_parsing": _("Write a number, for example 36,6"),
        "decimal_parsing": _("Write a number, for example 36,6"),
        "greater_than": _("Must be more than %(n)s", n=context.get("gt")),
        "greater_than_equal": _("Must be %(n)s or more", n=context.get("ge")),
        "less_than": _("Must be less than %(n)s", n=context.get("lt")),
        "less_than_equal": _("Must be %(n)s or less", n=context.get("le")),
        "enum": _("Choose one of the listed values"),
        "literal_error": _("Choose one of the listed values"),
    }
    return messages.get(kind, _("The value does not look right"))
