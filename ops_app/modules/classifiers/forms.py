"""Shape of what is entered about reference books and their editions."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from ops_app.kit.dates import DateInput

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]
Oid = Annotated[str, StringConstraints(pattern=r"^[0-2](\.(0|[1-9][0-9]{0,18})){1,30}$")]
System = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]


class BookForm(BaseModel):
    """What a reference book is called and where it comes from."""

    title_kk: Title
    title_ru: Title
    title_en: Title | None = None
    oid: Oid | None = None
    source: Title | None = None


class NewBookForm(BookForm):
    """A reference book of the organisation's own."""

    system: System


class EditionForm(BaseModel):
    """An edition; its file comes beside the form."""

    version: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    effective_from: DateInput
    is_complete: bool = False
