"""What a facility gives to applications of patients."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from ops_app.db import Db
from ops_app.i18n import N_, _
from ops_app.kit.form_fields import PostedForm, listed
from ops_app.modules.fhir.types import CLINICAL
from ops_app.modules.organizations.queries import organizations
from ops_app.modules.patients.fact_text import KIND_TITLES
from ops_app.modules.personal_data import application_limits
from ops_app.modules.personal_data.permissions import RequestDecider
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()

OTHER_TITLES = {"questionnaire_response": N_("Forms and scales"), "relative": N_("Family")}


class LimitForm(BaseModel):
    """The kinds a facility gives."""

    organization_id: int
    given: list[Annotated[str, listed(tuple(CLINICAL))]] = []


@router.get("/personal-data/application", name="personal_data:application")
def application(request: Request, actor: RequestDecider, db: Db) -> Response:
    """By facility and kind: given or withheld."""
    places = organizations(db, actor.scope(Permission.PERSONAL_DATA_REQUEST_DECIDE))
    return page(
        request,
        "personal_data/application.html",
        places=places,
        kinds=[(name, (KIND_TITLES | OTHER_TITLES)[kind.model.__tablename__]) for name, kind in CLINICAL.items()],
        withheld=application_limits.limits(db, [place.id for place in places]),
    )


@router.post("/personal-data/application", name="personal_data:limit_application")
def limit_application(request: Request, actor: RequestDecider, db: Db, posted: PostedForm) -> Response:
    """Decide what one facility gives."""
    form = posted.check(LimitForm)
    url = request.app.url_path_for("personal_data:application")
    if form.value is None:
        return redirect(request, url, _("Choose one of the listed values"), "warning")
    kept = set(CLINICAL) - set(form.value.given)
    application_limits.set_limits(db, actor, form.value.organization_id, kept)
    return redirect(request, url, _("Saved"))
