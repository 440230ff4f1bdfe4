"""What a definition may say: items, conditions, points, bands, examples; anything else is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from ops_app import i18n
from ops_app.kit.declared import Declared, Text, Words
from ops_app.mechanisms.questionnaire.expression import PATIENT, WORDS

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.+-]{1,40}$")]
Formula = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]

MAX_ITEMS = 400
RESERVED = WORDS | PATIENT | {"score", "value"}
"""Words of the language and of the page, which no item may bear."""


class Option(Declared):
    """One of the answers of a coded item."""

    value: Code
    label: Text
    points: float | None = None


class PointBand(Declared):
    """Points of numbers up to and with ``to``, or under ``below``; the last band has neither."""

    points: float
    to: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def one_limit(self) -> PointBand:
        """Two limits would contradict each other."""
        if self.to is not None and self.below is not None:
            raise ValueError(i18n.gettext("Write “to” or “below”, not both"))
        return self


class _Item(Declared):
    id: Name
    label: Text
    hint: Text | None = None
    required: bool = False
    visible: Formula | None = None
    """Shown only while this is true."""

    @property
    def is_scored(self) -> bool:
        """Whether the item gives points."""
        return False


class TextItem(_Item):
    """Free text."""

    type: Literal["text"]
    lines: Annotated[int, Field(ge=1, le=30)] = 1
    max_length: Annotated[int, Field(ge=1, le=20000)] = 2000


class NumberItem(_Item):
    """A number with its unit and range; ``observation`` takes the newest value of that code from the card."""

    type: Literal["number"]
    unit: Annotated[str, StringConstraints(max_length=20)] | None = None
    min: float | None = None
    max: float | None = None
    decimals: Annotated[int, Field(ge=0, le=4)] = 0
    initial: Formula | None = None
    points: Formula | None = None
    """``value`` names the number itself."""
    point_bands: Annotated[list[PointBand], Field(min_length=1, max_length=30)] | None = None
    observation: Code | None = None
    max_age_days: Annotated[int, Field(ge=0, le=3660)] = 0
    """How old a value of the card may be to be taken over; 0: of the same day."""

    @model_validator(mode="after")
    def consistent(self) -> NumberItem:
        """Limits in order, points said in one way, bands rising and open at the end."""
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(i18n.gettext("“min” is greater than “max”"))
        if self.points and self.point_bands:
            raise ValueError(i18n.gettext("Write “points” or “point_bands”, not both"))
        if self.point_bands:
            limits = [band.to if band.to is not None else band.below for band in self.point_bands]
            inner = [limit for limit in limits[:-1] if limit is not None]
            if limits[-1] is not None or len(inner) != len(limits) - 1 or inner != sorted(inner):
                raise ValueError(i18n.gettext("The limits of “point_bands” must rise, and the last band has none"))
        return self

    @property
    def is_scored(self) -> bool:
        """Whether the item gives points."""
        return self.points is not None or self.point_bands is not None


class ChoiceItem(_Item):
    """One of the options, or several with ``multiple``."""

    type: Literal["choice"]
    options: Annotated[list[Option], Field(min_length=1, max_length=60)]
    multiple: bool = False
    initial: Formula | None = None

    @model_validator(mode="after")
    def consistent(self) -> ChoiceItem:
        """Each value once; all options give points, or none."""
        values = [option.value for option in self.options]
        if len(set(values)) < len(values):
            raise ValueError(i18n.gettext("The same value is used by two options"))
        return self

    @property
    def is_scored(self) -> bool:
        """Whether the item gives points."""
        return any(option.points is not None for option in self.options)

    def option(self, value: object) -> Option | None:
        """The option of a value."""
        return next((option for option in self.options if option.value == value), None)


class BooleanItem(_Item):
    """A box to tick; not ticked means no."""

    type: Literal["boolean"]
    points: float | None = None
    initial: Formula | None = None

    @property
    def is_scored(self) -> bool:
        """Whether the item gives points."""
        return self.points is not None


class DateItem(_Item):
    """A day."""

    type: Literal["date"]
    future: bool = True
    """Whether days after today make sense."""


class CalculatedItem(_Item):
    """A value nobody types."""

    type: Literal["calculated"]
    formula: Formula
    decimals: Annotated[int, Field(ge=0, le=4)] = 0
    unit: Annotated[str, StringConstraints(max_length=20)] | None = None


class CodeItem(_Item):
    """A code of a classifier or a loaded reference book, found by typing; ``kinds`` leaves only those kinds."""

    type: Literal["code"]
    system: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    kinds: Annotated[list[Code], Field(min_length=1, max_length=20)] | None = None


class NoteItem(_Item):
    """A text to read."""

    type: Literal["note"]


class BodyMapItem(_Item):
    """Points on a figure, each with a finding."""

    type: Literal["body_map"]
    findings: Annotated[list[Option], Field(min_length=1, max_length=30)]
    max_points: Annotated[int, Field(ge=1, le=50)] = 20


class AttachmentItem(_Item):
    """Files: a scan, a photo of a wound."""

    type: Literal["attachment"]
    max_files: Annotated[int, Field(ge=1, le=10)] = 5
    max_mb: Annotated[int, Field(ge=1, le=10)] = 5


class SignatureItem(_Item):
    """Somebody's own signature, drawn on the screen or given on paper; changed answers need a new one."""

    type: Literal["signature"]
    signer: Literal["patient", "representative", "staff", "witness"] = "patient"


CellItem = Annotated[
    TextItem | NumberItem | ChoiceItem | CodeItem | BooleanItem | DateItem | CalculatedItem, Field(discriminator="type")
]


class TableRow(Declared):
    """A fixed row; ``values`` are numbers its calculated columns may name."""

    id: Name
    label: Text
    values: dict[Name, float] = Field(default_factory=dict)


class TableItem(_Item):
    """Rows and columns: fixed rows, or as many as the user adds."""

    type: Literal["table"]
    columns: Annotated[list[CellItem], Field(min_length=1, max_length=12)]
    rows: Annotated[list[TableRow], Field(min_length=1, max_length=60)] | None = None
    max_rows: Annotated[int, Field(ge=1, le=60)] = 20

    @model_validator(mode="after")
    def consistent(self) -> TableItem:
        """Each name once; what a row cannot have is refused."""
        for names in ([column.id for column in self.columns], [row.id for row in self.rows or []]):
            if len(set(names)) < len(names):
                raise ValueError(i18n.gettext("The same id is used twice in the table"))
        for column in self.columns:
            refused = ("initial", "observation", "points", "point_bands", "visible")
            if any(getattr(column, name, None) is not None for name in refused):
                raise ValueError(
                    i18n.gettext("A column has no “initial”, “observation”, “points”, “visible”: %(id)s", id=column.id)
                )
            if isinstance(column, ChoiceItem) and column.multiple:
                raise ValueError(i18n.gettext("A column takes one answer, not several: %(id)s", id=column.id))
        return self


Item = Annotated[
    TextItem
    | NumberItem
    | ChoiceItem
    | CodeItem
    | BooleanItem
    | DateItem
    | CalculatedItem
    | NoteItem
    | BodyMapItem
    | AttachmentItem
    | SignatureItem
    | TableItem,
    Field(discriminator="type"),
]


class Section(Declared):
    """A titled part of the page."""

    id: Name
    title: Text
    items: Annotated[list[Item], Field(min_length=1, max_length=MAX_ITEMS)]
    visible: Formula | None = None


class Score(Declared):
    """The number a scale comes to."""

    formula: Formula
    min: float | None = None
    max: float | None = None
    decimals: Annotated[int, Field(ge=0, le=4)] = 0
    unit: Annotated[str, StringConstraints(max_length=30)] | None = None


class Band(Declared):
    """What a score from ``from`` to ``to`` means; of several schemes each gives its own reading."""

    from_: Annotated[float, Field(alias="from")]
    to: float
    label: Text
    tone: Literal["red", "amber", "green", "grey"] = "grey"
    scheme: Text | None = None
    when: Formula | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Notice(Declared):
    """An alert (true: shown) or a rule of the whole form (true: in order)."""

    when: Formula
    label: Text


class Patient(Declared):
    """The person of a worked example."""

    age_years: Annotated[int, Field(ge=0, le=130)] | None = None
    age_months: Annotated[int, Field(ge=0, le=1560)] | None = None
    sex: Literal["male", "female"] | None = None


class Example(Declared):
    """Answers with the score they must come to; the tests of every definition are its examples."""

    answers: dict[Name, object]
    patient: Patient = Patient()
    score: float | None = None
    reads: str | None = None
    """The English text of a band the score must fall in."""
    calculated: dict[Name, float | None] = Field(default_factory=dict)
    alerts: list[str] = Field(default_factory=list)


class Questionnaire(Declared):
    """A version of a form or a scale."""

    id: Name
    version: Annotated[int, Field(ge=1, le=9999)]
    effective_from: dt.date
    kind: Literal["form", "scale"]
    title: Text
    status: Literal["full", "structure_only", "needs_source"] = "full"
    why_off: Text | None = None
    """Why a definition that is not complete stays switched off."""
    source: Words | None = None
    licence: Words | None = None
    notes: Words | None = None
    age_from: Annotated[int, Field(ge=0, le=130)] | None = None
    age_to: Annotated[int, Field(ge=0, le=130)] | None = None
    sections: Annotated[list[Section], Field(min_length=1, max_length=40)]
    rules: list[Notice] = Field(default_factory=list)
    score: Score | None = None
    bands: list[Band] = Field(default_factory=list)
    alerts: list[Notice] = Field(default_factory=list)
    examples: list[Example] = Field(default_factory=list)

    @model_validator(mode="after")
    def consistent(self) -> Questionnaire:
        """Each name once; bands only of a score, without overlap; an incomplete definition says why it is off."""
        names = [item.id for item in self.items]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(i18n.gettext("This id is used twice: %(id)s", id=", ".join(repeated)))
        reserved = sorted(RESERVED & set(names))
        if reserved:
            raise ValueError(i18n.gettext("This id is a word of the formulas: %(id)s", id=", ".join(reserved)))
        if len(names) > MAX_ITEMS:
            raise ValueError(i18n.gettext("More than %(n)s items", n=MAX_ITEMS))
        if self.bands and self.score is None:
            raise ValueError(i18n.gettext("Bands need a score"))
        for one, other in self._pairs():
            if one.from_ <= other.to and other.from_ <= one.to:
                raise ValueError(
                    i18n.gettext("Two bands overlap: %(one)s, %(other)s", one=one.label.en, other=other.label.en)
                )
        if self.status != "full" and self.why_off is None:
            raise ValueError(i18n.gettext("Say in “why_off” why the definition is not complete"))
        return self

    def _pairs(self) -> Iterator[tuple[Band, Band]]:
        for at, one in enumerate(self.bands):
            for other in self.bands[at + 1 :]:
                if one.scheme == other.scheme and one.when == other.when:
                    yield one, other

    @cached_property
    def items(self) -> list[Item]:
        """All items in the order of the page."""
        return [item for section in self.sections for item in section.items]

    @cached_property
    def books(self) -> dict[str, str]:
        """The reference books that coded items name, with the item that names each first."""
        found: dict[str, str] = {}
        for item in self.items:
            for each in (item, *(item.columns if isinstance(item, TableItem) else ())):
                if isinstance(each, CodeItem):
                    found.setdefault(each.system, item.id)
        return found

    def item(self, name: str) -> Item | None:
        """An item by its id."""
        return next((item for item in self.items if item.id == name), None)
