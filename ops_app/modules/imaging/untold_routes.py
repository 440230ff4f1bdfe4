"""The page of devices that could not be told what is stored."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app.db import Db
from ops_app.i18n import _
from ops_app.modules.imaging import untold
from ops_app.modules.imaging.permissions import DeviceKeeper
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)


@router.get("/imaging/untold", name="imaging:untold")
def listed(request: Request, actor: DeviceKeeper, db: Db) -> Response:
    """What was given up."""
    return page(request, "imaging/untold.html", rows=untold.given_up(db, actor.scope(Permission.DEVICES_DEVICE_MANAGE)))


@router.post("/imaging/untold/{report_id}/again", name="imaging:tell_again")
def again(request: Request, actor: DeviceKeeper, db: Db, report_id: int) -> Response:
    """Call the device again."""
    untold.tell_again(db, actor, report_id)
    return redirect(request, request.app.url_path_for("imaging:untold"), _("The device is called again"))


@router.post("/imaging/untold/{report_id}/forget", name="imaging:forget_report")
def forget(request: Request, actor: DeviceKeeper, db: Db, report_id: int) -> Response:
    """Let it be."""
    untold.forget(db, actor, report_id)
    return redirect(request, request.app.url_path_for("imaging:untold"), _("Removed from the list"))
