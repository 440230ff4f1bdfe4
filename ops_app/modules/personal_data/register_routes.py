"""Registers: databases, disclosures by hand, terms of storage, acts; and the evidence about one person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data import destruction, disclosures, evidence, held, queries, storage
from ops_app.modules.personal_data.declarations import data_set_of, data_sets, exceptions, retentions
from ops_app.modules.personal_data.forms import ActForm, ArchiveForm, DisclosureForm
from ops_app.modules.personal_data.models import DestructionAct
from ops_app.modules.personal_data.permissions import DataInspector, DestructionApprover, RegisterReader
from ops_app.modules.personal_data.titles import BASES, GROUNDS, PURPOSES, WAYS
from ops_app.modules.signatures.acts import demand
from ops_app.patient_access import PatientAccess
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)


@router.get("/personal-data/databases", name="personal_data:databases")
def databases(request: Request, actor: RegisterReader) -> Response:
    """What databases hold personal data, why, on what basis and how long."""
    tables: dict[str, list[str]] = {}
    for table in held.person_tables():
        tables.setdefault(data_set_of(table.fullname) or "", []).append(table.fullname)
    tables.setdefault("identity", []).insert(0, "patients.patient")
    return page(
        request,
        "personal_data/databases.html",
        sets={code: about for code, about in data_sets().items() if code in tables},
        in_tables=tables,
        terms=retentions(),
        ways=WAYS,
    )


@router.get("/patients/{patient_id}/disclosures/new", name="personal_data:new_disclosure")
def new_disclosure(request: Request, access: DataInspector, db: Db) -> Response:
    """The form of an entry in the register of disclosures."""
    return _disclosure_page(request, db, access, blank({"given_on": clock.today()}))


def _disclosure_page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], status_code: int = 200
) -> Response:
    who = person(db, access)
    consents = [
        (row.Consent.id, f"{_(PURPOSES[row.Consent.purpose])}: {row.Consent.scope[:80]}")
        for row in queries.consents_of(db, who.records)
        if queries.holds_today(row.Consent) and row.Consent.purpose in disclosures.CONSENT_PURPOSES
    ]
    return card_page(
        request,
        db,
        access,
        "personal_data/new_disclosure.html",
        "consents",
        who=who,
        status_code=status_code,
        form=form,
        bases=BASES,
        exceptions=[(code, f"{about.title!s} ({about.source!s})") for code, about in exceptions().items()],
        consents=consents,
    )


@router.post("/patients/{patient_id}/disclosures/new", name="personal_data:record_disclosure")
def record_disclosure(request: Request, access: DataInspector, db: Db, posted: PostedForm) -> Response:
    """Register that data were given to somebody outside."""
    form = posted.check(DisclosureForm)
    if form.value is not None:
        try:
            place = place_of(db, access.actor)
            disclosures.record(db, access.actor, access.patient_id, place.organization.id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _to_person(request, access.patient_id, _("The disclosure is registered"))
    return _disclosure_page(request, db, access, form, 422)


@router.post("/patients/{patient_id}/evidence", name="personal_data:evidence")
def evidence_of(access: DataInspector, db: Db) -> Response:
    """Everything that shows how the data of this person were collected and used."""
    packed = evidence.pack(db, access.actor, access.patient_id, access.rule)
    name = f"evidence-{access.patient_id}-{clock.today():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(packed, media_type="application/zip", headers=headers)


@router.get("/personal-data/terms", name="personal_data:terms")
def terms(request: Request, actor: RegisterReader, db: Db) -> Response:
    """Records whose term of storage has ended: to be archived or destroyed by an act."""
    found = storage.due(db, actor.scope(Permission.PERSONAL_DATA_REGISTER_READ))
    ids = {each.patient_id for each in found}
    audit.read_many(db, actor, ids, rule="terms_of_storage")
    return page(
        request,
        "personal_data/terms.html",
        found=found,
        names={row.id: row for row in db.scalars(select(Patient).where(Patient.id.in_(ids)))},
        terms=retentions(),
        limit=storage.DUE_SHOWN,
        may_decide=actor.may(Permission.PERSONAL_DATA_REQUEST_DECIDE),
    )


@router.get("/patients/{patient_id}/term", name="personal_data:term")
def term(request: Request, access: DataInspector, db: Db) -> Response:
    """What to do with records past their term."""
    return _term_page(request, db, access, {})


def _term_page(request: Request, db: Session, access: PatientAccess, shown: dict[str, Form[Any]]) -> Response:
    return card_page(
        request,
        db,
        access,
        "personal_data/term.html",
        "consents",
        status_code=422 if shown else 200,
        until=storage.term_of(db, access.patient_id),
        is_over=(storage.term_of(db, access.patient_id) or clock.today()) < clock.today(),
        archive=shown.get("archive") or blank({"record_type": "outpatient_record"}),
        act=shown.get("act") or blank({"ground": "term_ended"}),
        types=[(code, str(about.title)) for code, about in retentions().items() if code in storage.RECORD_TYPES],
    )


@router.post("/patients/{patient_id}/archive", name="personal_data:archive")
def archive(request: Request, access: DataInspector, db: Db, posted: PostedForm) -> Response:
    """Keep records in the archive until a later day."""
    form = posted.check(ArchiveForm)
    if form.value is not None:
        try:
            place = place_of(db, access.actor)
            storage.mark(db, access.actor, access.patient_id, place.organization.id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, "terms"), _("Marked for the archive"))
    return _term_page(request, db, access, {"archive": form})


@router.post("/patients/{patient_id}/term-act", name="personal_data:draw_up_for_term")
def draw_up_for_term(request: Request, access: DataInspector, db: Db, posted: PostedForm) -> Response:
    """Draw up an act of destruction because the term has ended."""
    form = posted.check(ActForm)
    if form.value is not None:
        try:
            place = place_of(db, access.actor)
            act = destruction.draw_up_for_term(db, access.actor, access.patient_id, place.organization.id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            text = _("The act is drawn up; somebody else must approve it")
            return redirect(request, str(request.app.url_path_for("personal_data:act", act_id=act.id)), text)
    return _term_page(request, db, access, {"act": form})


@router.get("/personal-data/acts", name="personal_data:acts")
def acts(request: Request, actor: RegisterReader, db: Db, paging: Paging) -> Response:
    """Acts of destruction."""
    scope = actor.scope(Permission.PERSONAL_DATA_REGISTER_READ)
    statement = (
        select(DestructionAct, Organization)
        .join(Organization, Organization.id == DestructionAct.organization_id)
        .where(scope.condition(DestructionAct.organization_id))
    )
    found = fetch_page(db, statement, paging, sortable={}, default=[DestructionAct.id.desc()])
    return page(request, "personal_data/acts.html", found=found, grounds=GROUNDS)


@router.get("/personal-data/acts/{act_id}", name="personal_data:act")
def act(request: Request, actor: RegisterReader, db: Db, act_id: int) -> Response:
    """An act of destruction, to be printed; it names nobody."""
    row = destruction.act_or_404(db, actor, act_id)
    may = actor.scope(Permission.PERSONAL_DATA_DESTRUCTION_APPROVE).allows(row.organization_id)
    return page(
        request,
        "personal_data/act.html",
        act=row,
        organization=db.get_one(Organization, row.organization_id),
        grounds=GROUNDS,
        may_execute=may and row.executed_at is None and row.drawn_by != actor.login,
    )


@router.post("/personal-data/acts/{act_id}/execute", name="personal_data:execute")
def execute(request: Request, actor: DestructionApprover, db: Db, act_id: int, posted: PostedForm) -> Response:
    """Approve an act and destroy."""
    row = destruction.act_or_404(db, actor, act_id)
    about = _("Act of destruction № %(number)s", number=row.number)
    signing = demand(request, db, actor, posted, "action:destruction", row.organization_id, about)
    if signing is not None:
        return signing
    destruction.execute(db, actor, row)
    url = str(request.app.url_path_for("personal_data:act", act_id=act_id))
    return redirect(request, url, _("The data are destroyed"))


def _to_person(request: Request, patient_id: int, text: str) -> Response:
    return redirect(request, str(request.app.url_path_for("personal_data:of_patient", patient_id=patient_id)), text)


def _url(request: Request, name: str) -> str:
    return str(request.app.url_path_for(f"personal_data:{name}"))
