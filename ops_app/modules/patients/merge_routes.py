"""Two records of one person: the queue of likely ones, comparing, linking, undoing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.undo import Undo
from ops_app.modules.patients import merge, queries
from ops_app.modules.patients.double_queue import (
    judge_two_people,
    judgement_or_404,
    judgements,
    likely_pairs,
    take_back,
)
from ops_app.modules.patients.duplicates import REASONS, compare
from ops_app.modules.patients.forms import SEXES, MergeForm
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.permissions import RecordMerger
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()

SIDES = ("kept", "hidden")


@router.get("/merge-records", name="patients:merge")
def merge_form(request: Request, actor: RecordMerger, db: Db, kept: str = "", hidden: str = "") -> Response:
    """Likely doubles, two records side by side, and the merges made before."""
    return _merge_page(request, db, actor, blank({"kept": kept, "hidden": hidden, "verdict": "one"}))


def _merge_page(request: Request, db: Session, actor: Any, form: Form[Any], status_code: int = 200) -> Response:
    pair: dict[str, Patient] = {}
    for name in SIDES:
        if not form.text(name):
            continue
        found = queries.live_by_identifier(db, form.text(name))
        if found is None:
            form.errors.setdefault(name, _("No live record has this identifier"))
            status_code = 422
        else:
            open_patient(db, actor, found.id, Permission.PATIENTS_RECORD_MERGE)
            pair[name] = found
    scope = actor.scope(Permission.PATIENTS_RECORD_MERGE)
    links = queries.newest_links(db)
    in_links = {record for link in links for record in (link.patient_id, link.other_patient_id)}
    judged = judgements(db, scope)
    in_judgements = {record for row in judged for record in (row.patient_id, row.other_patient_id)}
    names = queries.names_in_scope(db, in_links | in_judgements, scope)
    waiting = likely_pairs(db, scope) if len(pair) < 2 else []
    shown = {record.id for each in waiting for record in (each.kept, each.hidden)}
    audit.read_many(db, actor, sorted(shown | set(names)), rule="merge_list")
    return page(
        request,
        "patients/merge.html",
        status_code=status_code,
        form=form,
        pair=pair,
        match=compare(pair["kept"], pair["hidden"]) if len(pair) == 2 else None,
        waiting=waiting,
        reasons=REASONS,
        sexes=dict(SEXES),
        places=queries.places_of(db, shown | {record.id for record in pair.values()}),
        names=names,
        judged=judged,
        links=[link for link in links if link.patient_id in names or link.other_patient_id in names],
    )


@router.post("/merge-records", name="patients:merge_post")
def merge_post(request: Request, actor: RecordMerger, db: Db, posted: PostedForm) -> Response:
    """Link two records, or say that they are two people."""
    form = posted.check(MergeForm)
    if form.value is not None:
        kept = queries.live_by_identifier(db, form.value.kept)
        hidden = queries.live_by_identifier(db, form.value.hidden)
        if kept and hidden:
            for record in (kept, hidden):
                open_patient(db, actor, record.id, Permission.PATIENTS_RECORD_MERGE)
            if form.value.verdict == "one" and not form.value.is_sure:
                form.errors["is_sure"] = _("Compare the two records and tick the box")
            else:
                try:
                    with db.begin_nested():
                        told, undo = _decide(db, actor, kept, hidden, form.value)
                except OpsError as refused:
                    form.refuse(refused)
                else:
                    return redirect(request, request.app.url_path_for("patients:merge"), told, undo=undo)
    return _merge_page(request, db, actor, form, 422)


def _decide(db: Session, actor: Any, kept: Patient, hidden: Patient, form: MergeForm) -> tuple[str, Undo]:
    if form.verdict == "two":
        judged = judge_two_people(db, actor, kept, hidden, form.reason)
        undo = Undo("patients:take_back_two", {"judgement_id": judged.id})
        return _("They stay two people and leave the queue"), undo
    link = merge.merge(db, actor, kept.id, hidden.id, form.reason)
    return _("The records are linked"), Undo("patients:unmerge", {"link_id": link.id})


@router.post("/merge-records/{link_id}/undo", name="patients:unmerge")
def unmerge(request: Request, actor: RecordMerger, db: Db, link_id: int) -> Response:
    """Undo a link."""
    link = queries.link_or_404(db, link_id)
    open_patient(db, actor, link.patient_id, Permission.PATIENTS_RECORD_MERGE)
    merge.unmerge(db, actor, link_id)
    return redirect(request, request.app.url_path_for("patients:merge"), _("The records are separate again"))


@router.post("/two-people/{judgement_id}/take-back", name="patients:take_back_two")
def take_back_two(request: Request, actor: RecordMerger, db: Db, judgement_id: int) -> Response:
    """Take back the decision that two people stand behind two records."""
    row = judgement_or_404(db, judgement_id)
    for record in (row.patient_id, row.other_patient_id):
        open_patient(db, actor, record, Permission.PATIENTS_RECORD_MERGE)
    take_back(db, actor, row)
    return redirect(request, request.app.url_path_for("patients:merge"), _("The pair waits in the queue again"))
