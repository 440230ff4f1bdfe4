"""Programmes of a person: what waits, why, what takes it off; leaving a list for a stated reason and coming back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.db import Db
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import PostedForm
from ops_app.mechanisms.care_plan.declaration import definitions
from ops_app.mechanisms.care_plan.evaluate import evaluate
from ops_app.mechanisms.undo import Undo
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.episodes import plan_texts, service
from ops_app.modules.episodes.forms import ExclusionForm
from ops_app.modules.episodes.permissions import CardReader, StepExcluder
from ops_app.modules.episodes.plan_facts import people
from ops_app.modules.patients.card import card_page
from ops_app.modules.patients.programmes import step_title
from ops_app.patient_access import PatientAccess
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter()


@router.get("/patients/{patient_id}/programmes", name="episodes:programmes")
def programmes(request: Request, access: CardReader, db: Db) -> Response:
    """What waits with its reasons, then what was done or left."""
    return _page(request, access, db)


def _page(
    request: Request, access: PatientAccess, db: Session, status_code: int = 200, error: tuple[int, str] | None = None
) -> Response:
    today = clock.today()
    [who] = people(db, [access.patient_id])
    plan = evaluate(definitions(), who.history, today)
    kept = {step.id: step for step in who.steps}
    waiting = sorted((step for step in plan if step.status == "open" and step.row), key=lambda step: step.planned)
    left = [step for step in who.steps if step.status == "cancelled"]
    done = [step for step in who.steps if step.status == "done"]
    return card_page(
        request,
        db,
        access,
        "episodes/programmes.html",
        "programmes",
        status_code=status_code,
        waiting=waiting,
        kept=kept,
        left=sorted(left, key=lambda step: step.id, reverse=True)[:30],
        done=sorted(done, key=lambda step: step.planned_date or today, reverse=True)[:30],
        born=who.history.birth_date,
        code_titles=titles(db, [pair for step in waiting for pair in plan_texts.codes_of(step)]),
        texts=plan_texts,
        step_title=step_title,
        may_exclude=access.actor.may(Permission.PROGRAMMES_STEP_EXCLUDE),
        error=error,
        on=today,
    )


@router.post("/patients/{patient_id}/programmes/{step_id}/exclude", name="episodes:exclude_step")
def exclude(request: Request, access: StepExcluder, db: Db, step_id: int, posted: PostedForm) -> Response:
    """Take the person off a list for a stated reason."""
    form = posted.check(ExclusionForm)
    if form.value is None:
        return _page(request, access, db, 422, (step_id, _("Choose the reason")))
    service.exclude_step(db, access.actor, access.patient_id, step_id, form.value)
    url = request.app.url_path_for("episodes:programmes", patient_id=access.patient_id)
    undo = Undo("episodes:restore_step", {"patient_id": access.patient_id, "step_id": step_id})
    return redirect(request, url, _("Taken off the list"), undo=undo)


@router.post("/patients/{patient_id}/programmes/{step_id}/restore", name="episodes:restore_step")
def restore(request: Request, access: StepExcluder, db: Db, step_id: int) -> Response:
    """Put the person back on a list."""
    service.restore_step(db, access.actor, access.patient_id, step_id)
    url = request.app.url_path_for("episodes:programmes", patient_id=access.patient_id)
    return redirect(request, url, _("Back on the list"))
