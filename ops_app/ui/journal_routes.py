"""The three addresses of a journal: screen, print, spreadsheet. A module declares journals, not routes."""

# No postponed annotations here: each journal's own permission must stand in the signature of its routes.
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.auth import AccessRule
from ops_app.db import Db
from ops_app.kit.paging import Paging
from ops_app.mechanisms.journal import reading, spreadsheet
from ops_app.mechanisms.journal.declaration import Journal
from ops_app.module import Module
from ops_app.modules.organizations.queries import workplace
from ops_app.ui.render import local_name, page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def journal_routes(module: Module) -> list[APIRoute]:
    """Routes of a module's journals, made once for each app."""
    router = APIRouter()
    for journal in module.journals:
        _add(router, module.journal_route(journal), journal)
    return [route for route in router.routes if isinstance(route, APIRoute)]


def _add(router: APIRouter, name: str, journal: Journal) -> None:
    Reader = Annotated[Actor, Depends(AccessRule(journal.permission), scope="function")]

    def screen(request: Request, actor: Reader, db: Db, paging: Paging) -> Response:
        asked = reading.read(db, actor, journal, request.query_params)
        found, more = reading.page_of(db, actor, asked, paging)
        return _page(
            request, "journal.html", asked, name, status_code=422 if asked.errors else 200, found=found, more=more
        )

    def paper(request: Request, actor: Reader, db: Db, paging: Paging) -> Response:
        asked = reading.read(db, actor, journal, request.query_params)
        rows = list(reading.everything(db, actor, asked, paging, limit=reading.PRINT_LIMIT + 1))
        here = workplace(db, actor)
        place = local_name(here.organization) if here else ""
        is_cut = len(rows) > reading.PRINT_LIMIT
        return _page(
            request, "journal_print.html", asked, name, rows=rows[: reading.PRINT_LIMIT], is_cut=is_cut, place=place
        )

    def file(request: Request, actor: Reader, db: Db, paging: Paging) -> Response:
        asked = reading.read(db, actor, journal, request.query_params)
        here = workplace(db, actor)
        handle, temporary = tempfile.mkstemp(suffix=".xlsx")
        os.close(handle)
        path = Path(temporary)
        place = local_name(here.organization) if here else ""
        written = spreadsheet.write(path, asked, reading.everything(db, actor, asked, paging), place)
        audit.security(
            db, actor.login, "journals:exported", account_id=actor.account_id, journal=journal.name, rows=written
        )
        return FileResponse(
            path, media_type=XLSX, filename=f"{journal.name}.xlsx", background=BackgroundTask(path.unlink)
        )

    router.add_api_route(f"/journals/{journal.name}", screen, methods=["GET"], name=name)
    router.add_api_route(f"/journals/{journal.name}/print", paper, methods=["GET"], name=f"{name}_print")
    router.add_api_route(f"/journals/{journal.name}/xlsx", file, methods=["GET"], name=f"{name}_xlsx")


def _page(request: Request, template: str, asked: reading.Reading, name: str, **context: Any) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return page(
        request,
        template,
        journal=asked.journal,
        asked=asked,
        shown=reading.shown,
        limit=reading.PRINT_LIMIT,
        here_url=str(request.app.url_path_for(name)),
        print_url=str(request.app.url_path_for(f"{name}_print")) + query,
        xlsx_url=str(request.app.url_path_for(f"{name}_xlsx")) + query,
        **context,
    )
