"""The screen where files of studies are brought in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.i18n import _
from ops_app.kit.form_fields import PostedForm
from ops_app.kit.htmx import wants_html
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.radiology import uploads
from ops_app.modules.radiology.permissions import StudyUploader
from ops_app.modules.radiology.uploads import Brought
from ops_app.modules.radiology.viewer_words import as_json
from ops_app.ui.render import page

router = APIRouter(include_in_schema=False)


@router.get("/radiology/upload", name="radiology:upload")
def upload(request: Request, actor: StudyUploader) -> Response:
    """Choose or drop files, folders and archives."""
    return page(request, "radiology/upload.html", results=[], texts_json=as_json(_texts()))


def _texts() -> dict[str, str]:
    return {
        "sending": _("Sending %(done)s of %(all)s"),
        "finished": _("%(good)s stored, %(known)s known before, %(bad)s refused"),
        "unreachable": _("not sent: the connection broke"),
        "open": _("Open the study"),
        "nobody": _("whose it is has to be said"),
    }


@router.post("/radiology/upload", name="radiology:store")
def store(request: Request, actor: StudyUploader, db: Db, posted: PostedForm) -> Response:
    """Store what was sent; the answer says of each file what became of it."""
    place = place_of(db, actor).organization.id
    results: list[Brought] = []
    for sent in posted.data.getlist("files"):
        if not isinstance(sent, UploadFile):
            continue
        name = sent.filename or _("file")
        if (sent.size or 0) > uploads.MOST_BYTES:
            results.append(Brought(name, "refused", _("The file is too large")))
            continue
        results += uploads.take(db, actor, place, name, sent.file)
    if wants_html(request):
        return page(request, "radiology/upload.html", results=results, texts_json=as_json(_texts()))
    return JSONResponse({"results": [_told(request, actor, each) for each in results]})


def _told(request: Request, actor: Actor, each: Brought) -> dict[str, Any]:
    url = str(request.app.url_path_for("radiology:study", study_id=each.study_id)) if each.study_id else None
    return asdict(each) | {"study_url": url}
