"""One reaction to a transfusion, and what looking into it showed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.db import Db
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.laboratory import haemovigilance
from ops_app.modules.laboratory.blood import group_text
from ops_app.modules.laboratory.blood_titles import COMPONENTS, IMPUTABILITIES, REACTIONS, SEVERITIES
from ops_app.modules.laboratory.permissions import ReactionConcluder
from ops_app.modules.patients.card import card_page, person
from ops_app.patient_access import PatientAccess
from ops_app.ui.render import redirect

router = APIRouter(include_in_schema=False)


@router.get("/patients/{patient_id}/laboratory/reactions/{reaction_id}", name="laboratory:reaction_page")
def reaction_page(request: Request, access: ReactionConcluder, db: Db, reaction_id: int) -> Response:
    """What happened after which unit."""
    return _page(request, db, access, reaction_id, blank())


@router.post("/patients/{patient_id}/laboratory/reactions/{reaction_id}", name="laboratory:conclude_reaction")
def conclude(request: Request, access: ReactionConcluder, db: Db, reaction_id: int, posted: PostedForm) -> Response:
    """Write the conclusion."""
    form = posted.check(haemovigilance.ConclusionForm)
    if form.value is None:
        return _page(request, db, access, reaction_id, form, 422)
    haemovigilance.conclude(db, access.actor, person(db, access).records, reaction_id, form.value)
    url = request.app.url_path_for("laboratory:reaction_page", patient_id=access.patient_id, reaction_id=reaction_id)
    return redirect(request, str(url), _("The conclusion is written"))


def _page(
    request: Request, db: Session, access: PatientAccess, reaction_id: int, form: Form[Any], status_code: int = 200
) -> Response:
    who = person(db, access)
    row, transfusion = haemovigilance.reaction_or_404(db, who.records, reaction_id)
    return card_page(
        request,
        db,
        access,
        "laboratory/reaction.html",
        "laboratory",
        who=who,
        status_code=status_code,
        row=row,
        transfusion=transfusion,
        unit=group_text(transfusion.unit_abo, transfusion.unit_rhesus),
        form=form,
        components=COMPONENTS,
        kinds=REACTIONS,
        severities=SEVERITIES,
        imputabilities=IMPUTABILITIES,
    )
