"""The picker: codes by a few typed letters, as options for a form or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.db import Db
from ops_app.kit import clock
from ops_app.kit.dates import parse_date
from ops_app.modules.classifiers import queries, state_register, versions
from ops_app.modules.classifiers.models import Concept
from ops_app.modules.classifiers.permissions import CodeReader
from ops_app.ui.render import fragment

router = APIRouter()

System = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
Kinds = Annotated[list[str], Query(alias="kind", default_factory=list)]


class Code(BaseModel):
    """A code as programs read it."""

    system: str
    code: str
    title_kk: str
    title_ru: str
    title_en: str
    unit: str | None


@router.get("/codes/{system}", name="classifiers:options")
def options(
    request: Request, actor: CodeReader, db: Db, system: System, kind: Kinds, q: str = "", day: str = ""
) -> Response:
    """Options of a picker."""
    found = [(row, queries.title(row)) for row in _found(db, system, kind, q, day)]
    registered = state_register.products(db, q) if system == "atc" else []
    more = [(substance, f"{queries.title(substance)} · {queries.title(row)}") for row, substance in registered]
    return fragment(request, "classifiers/_options.html", found=found + more, asked=q.strip())


@router.get("/codes/registered/devices", name="classifiers:registered_devices")
def registered_devices(request: Request, actor: CodeReader, db: Db, q: str = "") -> Response:
    """Options of a picker: medical devices whose registration is in force."""
    rows = state_register.find(db, state_register.DEVICES, q, only_in_force=True, limit=queries.LIMIT)
    found = [(row, queries.title(row)) for row in rows]
    return fragment(request, "classifiers/_options.html", found=found, asked=q.strip())


@router.get("/api/codes/{system}", name="classifiers:search")
def search(actor: CodeReader, db: Db, system: System, kind: Kinds, q: str = "", day: str = "") -> list[Code]:
    """Codes that fit the typed letters, of the edition in force on a day."""
    return [Code.model_validate(row, from_attributes=True) for row in _found(db, system, kind, q, day)]


def _found(session: Session, system: str, kinds: Sequence[str], text: str, day: str) -> Sequence[Concept]:
    """A day is written as in any field; what is none means today, the field beside it says so itself."""
    versions.system_or_404(session, system)
    return queries.search(session, system, text, kinds=kinds, day=parse_date(day) or clock.today())
