"""Reference books: their editions, what an edition changes, the history of a code; the dictionary of legal terms."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Invalid, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import parse_date
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.modules.classifiers import books, dictionary, queries, state_register, versions
from ops_app.modules.classifiers.forms import BookForm, EditionForm, NewBookForm
from ops_app.modules.classifiers.permissions import BookManager, CodeReader
from ops_app.modules.classifiers.reading import MOST_BYTES, Reading, read
from ops_app.permissions import Permission
from ops_app.ui.render import fragment, page, redirect

router = APIRouter()

SHOWN = 200
"""Nobody reads more codes of a change on a screen; the counts are whole."""


@router.get("/code-systems", name="classifiers:books")
def book_list(request: Request, actor: CodeReader, db: Db) -> Response:
    """All reference books."""
    return _list(request, db, actor, blank())


def _list(request: Request, db: Session, actor: Actor, form: Form[Any], status_code: int = 200) -> Response:
    return page(
        request,
        "classifiers/books.html",
        books=versions.systems(db),
        newest=books.newest(db),
        title=queries.title,
        form=form,
        may_manage=actor.may(Permission.CLASSIFIERS_BOOK_MANAGE),
        status_code=status_code,
    )


@router.post("/code-systems", name="classifiers:add_book")
def add_book(request: Request, actor: BookManager, db: Db, posted: PostedForm) -> Response:
    """Enter a reference book."""
    form = posted.check(NewBookForm)
    if form.value is not None:
        try:
            row = books.add(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.system), _("The reference book is entered"))
    return _list(request, db, actor, form, 422)


def _url(request: Request, system: str) -> str:
    return str(request.app.url_path_for("classifiers:book", system=system))


@router.get("/code-systems/{system}", name="classifiers:book")
def book(request: Request, actor: CodeReader, db: Db, system: str, q: str = "") -> Response:
    """A reference book with its editions and its codes."""
    return _book(request, db, actor, system, q=q)


def _book(
    request: Request,
    db: Session,
    actor: Actor,
    system: str,
    *,
    q: str = "",
    form: Form[Any] | None = None,
    book_form: Form[Any] | None = None,
    problems: list[str] | None = None,
    status_code: int = 200,
) -> Response:
    row = versions.system_or_404(db, system)
    held = {name: getattr(row, name) for name in BookForm.model_fields}
    return page(
        request,
        "classifiers/book.html",
        book=row,
        title=queries.title,
        editions=versions.editions(db, system),
        codes=books.found(db, system, q),
        q=q,
        form=form or blank({"effective_from": clock.today()}),
        book_form=book_form or blank(held),
        problems=problems or [],
        may_manage=actor.may(Permission.CLASSIFIERS_BOOK_MANAGE),
        status_code=status_code,
    )


@router.post("/code-systems/{system}", name="classifiers:change_book")
def change_book(request: Request, actor: BookManager, db: Db, system: str, posted: PostedForm) -> Response:
    """Correct what a reference book is called."""
    form = posted.check(BookForm)
    if form.value is None:
        return _book(request, db, actor, system, book_form=form, status_code=422)
    books.change(db, actor, system, form.value)
    return redirect(request, _url(request, system), _("Saved"))


def _uploaded(posted: Posted) -> tuple[bytes, Reading]:
    upload = posted.data.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return b"", Reading(problems=[_("Choose a file")])
    # one byte more than is read tells that the file is too large, however large it is
    content = upload.file.read(MOST_BYTES + 1)
    return content, read(content) if content else Reading(problems=[_("The file holds no codes")])


@router.post("/code-systems/{system}/preview", name="classifiers:preview_edition")
def preview(request: Request, actor: BookManager, db: Db, system: str, posted: PostedForm) -> Response:
    """What a file would change."""
    versions.system_or_404(db, system)
    _content, reading = _uploaded(posted)
    complete = posted.check(EditionForm).checked("is_complete")
    changes = None if reading.problems else versions.plan(db, system, reading.rows, is_complete=complete)
    return fragment(
        request, "classifiers/_changes.html", changes=changes, problems=reading.problems, shown=SHOWN, name=queries.name
    )


@router.post("/code-systems/{system}/editions", name="classifiers:load_edition")
def load_edition(request: Request, actor: BookManager, db: Db, system: str, posted: PostedForm) -> Response:
    """Load an edition from a file."""
    content, reading = _uploaded(posted)
    form = posted.check(EditionForm)
    if form.value is not None and not reading.problems:
        asked = form.value
        try:
            with db.begin_nested():
                row = versions.load(
                    db,
                    actor,
                    system,
                    asked.version,
                    asked.effective_from,
                    reading.rows,
                    content=content,
                    is_complete=asked.is_complete,
                )
        except Invalid as refused:
            form.refuse(refused)
        else:
            told = _("Added %(a)s, changed %(c)s, withdrawn %(w)s", a=row.added, c=row.changed, w=row.withdrawn)
            return redirect(request, _url(request, system), told)
    return _book(request, db, actor, system, form=form, problems=reading.problems, status_code=422)


@router.get("/code-systems/{system}/changes", name="classifiers:changes")
def changes(request: Request, actor: CodeReader, db: Db, system: str, older: int = 0, newer: int = 0) -> Response:
    """What changed between two editions."""
    row = versions.system_or_404(db, system)
    known = {each.id: each for each in versions.editions(db, system)}
    if older not in known or newer not in known:
        raise NotFound(_("There is no such edition"))
    pair = sorted((known[older], known[newer]), key=lambda each: (each.effective_from, each.id))
    return page(
        request,
        "classifiers/changes.html",
        book=row,
        title=queries.title,
        older=pair[0],
        newer=pair[1],
        changes=versions.difference(db, *pair),
        problems=[],
        shown=SHOWN,
        name=queries.name,
    )


@router.get("/state-register", name="classifiers:state_register")
def state_register_page(
    request: Request, actor: CodeReader, db: Db, q: str = "", book: str = state_register.MEDICINES
) -> Response:
    """Registered medicines and medical devices."""
    system = state_register.DEVICES if book == state_register.DEVICES else state_register.MEDICINES
    return page(
        request,
        "classifiers/state_register.html",
        books=[versions.system_or_404(db, each) for each in (state_register.MEDICINES, state_register.DEVICES)],
        system=system,
        edition=next(iter(versions.editions(db, system)), None),
        found=state_register.find(db, system, q),
        q=q,
        title=queries.title,
    )


@router.get("/code-systems/{system}/codes/{code}", name="classifiers:code")
def code_page(request: Request, actor: CodeReader, db: Db, system: str, code: str, day: str = "") -> Response:
    """A code with its history, and what it said on a day."""
    book_row = versions.system_or_404(db, system)
    concept = queries.concept(db, system, code)
    if concept is None:
        raise NotFound(_("There is no such code"))
    asked = parse_date(day) if day else None
    return page(
        request,
        "classifiers/code.html",
        book=book_row,
        title=queries.title,
        concept=concept,
        parent=queries.concept(db, system, concept.parent_code) if concept.parent_code else None,
        alike=state_register.alike(db, concept),
        history=versions.history(db, system, code),
        asked=asked,
        then=versions.on(db, system, code, asked) if asked else None,
        day=day,
        name=queries.name,
    )


@router.get("/dictionary", name="classifiers:dictionary")
def dictionary_page(request: Request, actor: CodeReader, q: str = "") -> Response:
    """Legal terms, in the words of the orders."""
    sources = {key: each.model_dump() for key, each in dictionary.book().sources.items()}
    return page(request, "classifiers/dictionary.html", terms=dictionary.found(q), sources=sources, q=q)
