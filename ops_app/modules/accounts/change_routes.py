"""Changes of accounts before the responsible employee: the list, the bytes to sign, the signatures, refusals."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.paging import PageRequest, Paging, fetch_page
from ops_app.modules.accounts import changes
from ops_app.modules.accounts.forms import RefusalForm
from ops_app.modules.accounts.models import AccountChange
from ops_app.modules.accounts.permissions import ChangeSigner
from ops_app.modules.accounts.titles import LEVELS
from ops_app.modules.documents.forms import ChosenDocuments, Signatures
from ops_app.modules.signatures.titles import STORES, reason_text
from ops_app.ui.render import page, redirect
from saulyq.settings import settings

router = APIRouter()


@router.get("/account-changes", name="accounts:changes")
def listed(request: Request, actor: ChangeSigner, db: Db, paging: Paging, done: bool = False) -> Response:
    """What waits for a signature, or what was decided."""
    return _page(request, actor, db, paging, blank(), done=done)


@router.post("/account-changes/content", name="accounts:change_content")
def content(actor: ChangeSigner, db: Db, chosen: ChosenDocuments) -> dict[str, Any]:
    """The bytes that are about to be signed."""
    found = [changes.pending_or_404(db, actor, each).AccountChange for each in dict.fromkeys(chosen.ids)]
    return {
        "documents": [{"id": each.id, "content": base64.b64encode(each.statement or b"").decode()} for each in found]
    }


@router.post("/account-changes/signatures", name="accounts:sign_changes")
def sign(actor: ChangeSigner, db: Db, sent: Signatures) -> dict[str, Any]:
    """Take signatures; each change is judged by itself."""
    results = []
    for one in sent.signatures:
        try:
            with db.begin_nested():
                reason = changes.sign(db, actor, one.id, base64.b64decode(one.cms))
            text = reason_text(reason)
        except OpsError as refused:
            reason, text = "refused", refused.message
        results.append({"id": one.id, "result": reason, "text": text})
    return {"results": results}


@router.post("/account-changes/{change_id}/refuse", name="accounts:refuse_change")
def refuse(
    request: Request, change_id: int, actor: ChangeSigner, db: Db, paging: Paging, posted: PostedForm
) -> Response:
    form = posted.check(RefusalForm)
    if form.value is None:
        return _page(request, actor, db, paging, form, done=False)
    changes.refuse(db, actor, change_id, form.value.reason)
    return redirect(request, str(request.app.url_path_for("accounts:changes")), _("The change is refused"))


def _page(
    request: Request, actor: Actor, db: Db, paging: PageRequest, form: Form[RefusalForm], *, done: bool
) -> Response:
    return page(
        request,
        "accounts/changes.html",
        found=fetch_page(
            db, changes.listed(actor, pending=not done), paging, sortable={}, default=[AccountChange.id.desc()]
        ),
        done=done,
        form=form,
        text_of=changes.text_of,
        levels={code: _(title) for code, title in LEVELS.items()},
        stores=STORES,
        ncalayer_url=settings().ncalayer_url,
        status_code=422 if form.errors else 200,
    )
