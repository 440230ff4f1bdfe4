"""The page of help."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app.modules.help.pages import for_roles
from ops_app.modules.help.permissions import HelpReader
from ops_app.ui.render import page

router = APIRouter()


@router.get("/help", name="help:index")
def index(request: Request, actor: HelpReader) -> Response:
    """How to do the reader's own work first, then that of others."""
    own, others = for_roles(actor.roles)
    return page(request, "help/index.html", own=own, others=others)
