"""Documents of a person, of a visit, one document, the journal, and the public check."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.auth import Anybody
from ops_app.db import Db
from ops_app.errors import Conflict, Invalid, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.document import container
from ops_app.mechanisms.document.declaration import declarations
from ops_app.modules.documents import queries, service
from ops_app.modules.documents.forms import AnnulForm, FormingForm, JournalFilter
from ops_app.modules.documents.models import Document
from ops_app.modules.documents.permissions import DocumentAnnuller, DocumentReader, DocumentsReader, DocumentWriter
from ops_app.modules.documents.signing import OWN_DOCUMENT
from ops_app.modules.documents.titles import (
    RECEIVED_COLOURS,
    RECEIVED_STATES,
    STATUS_COLOURS,
    STATUSES,
    kind_text,
)
from ops_app.modules.organizations.care_profiles import document_belongs, profiles_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.patients.header import full_name
from ops_app.modules.signatures.acts import demand
from ops_app.modules.signatures.titles import reason_text
from ops_app.modules.visits.queries import encounter_or_404
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()

WORDS: dict[str, Any] = {"statuses": STATUSES, "colours": STATUS_COLOURS, "kind_text": kind_text}


@router.get("/patients/{patient_id}/documents", name="documents:of_patient")
def of_patient(request: Request, access: DocumentsReader, db: Db) -> Response:
    """All documents of a person."""
    who = person(db, access)
    documents = queries.documents_of(db, who.records)
    return card_page(
        request,
        db,
        access,
        "documents/of_patient.html",
        "documents",
        who=who,
        documents=documents,
        received=queries.received_of(db, who.records),
        received_states=RECEIVED_STATES,
        received_colours=RECEIVED_COLOURS,
        **WORDS,
    )


@router.get("/visits/{encounter_id}/documents", name="documents:of_visit")
def of_visit(request: Request, actor: DocumentReader, db: Db, encounter_id: int) -> Response:
    """Documents of a visit, and a form for one more."""
    return _visit_page(request, db, actor, encounter_id, blank({"language": "kk"}))


def _visit_page(
    request: Request, db: Session, actor: Actor, encounter_id: int, form: Form[Any], status_code: int = 200
) -> Response:
    encounter = encounter_or_404(db, encounter_id)
    access = open_patient(db, actor, encounter.patient_id, Permission.DOCUMENTS_RECORD_READ)
    may_form = actor.scope(Permission.DOCUMENTS_RECORD_WRITE).allows(encounter.organization_id)
    profiles = profiles_of(db, encounter.organization_id)
    return card_page(
        request,
        db,
        access,
        "documents/of_visit.html",
        "documents",
        status_code=status_code,
        encounter=encounter,
        documents=queries.documents_of_visit(db, encounter_id),
        declared=[
            each for each in declarations().values() if each.about == "visit" and document_belongs(each.kind, profiles)
        ],
        may_form=may_form and encounter.entered_in_error_at is None,
        form=form,
        **WORDS,
    )


@router.post("/visits/{encounter_id}/documents", name="documents:form")
def form_document(request: Request, actor: DocumentWriter, db: Db, encounter_id: int, posted: PostedForm) -> Response:
    """Form a document from a visit."""
    encounter = encounter_or_404(db, encounter_id)
    open_patient(db, actor, encounter.patient_id, Permission.DOCUMENTS_RECORD_WRITE)
    form = posted.check(FormingForm)
    declared = declarations().get(form.value.kind) if form.value else None
    typed: dict[str, str | None] = {}
    for field in declared.fields if declared else ():
        text = (posted.get(field.name) or "").strip()
        form.raw[field.name] = text
        typed[field.name] = text or None
        if field.required and not text:
            form.refuse(Invalid(_("Fill in this field"), field=field.name))
        if len(text) > field.max_length:
            form.refuse(Invalid(_("Too long: at most %(n)s characters", n=field.max_length), field=field.name))
    if form.value is not None:
        check = str(request.app.url_path_for("documents:check", code="CODE"))
        try:
            with db.begin_nested():
                document = service.form_document(
                    db, actor, encounter_id, form.value.kind, form.value.language, typed, check
                )
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("documents:document", document_id=document.id))
            return redirect(request, url, _("The document is formed"))
    return _visit_page(request, db, actor, encounter_id, form, 422)


def _opened(db: Session, actor: Actor, document_id: int) -> tuple[Document, PatientAccess]:
    document = queries.document_or_404(db, document_id)
    own = OWN_DOCUMENT if document.practitioner_id == actor.practitioner_id else None
    return document, open_patient(db, actor, document.patient_id, Permission.DOCUMENTS_RECORD_READ, rule=own)


@router.get("/documents/{document_id}", name="documents:document")
def document_page(request: Request, actor: DocumentReader, db: Db, document_id: int) -> Response:
    """A document with its signatures."""
    return _document_page(request, db, actor, document_id, blank())


def _document_page(
    request: Request, db: Session, actor: Actor, document_id: int, form: Form[Any], status_code: int = 200
) -> Response:
    document, access = _opened(db, actor, document_id)
    encounter = encounter_or_404(db, document.encounter_id) if document.encounter_id else None
    in_force = document.status in ("formed", "signed")
    return card_page(
        request,
        db,
        access,
        "documents/document.html",
        "documents",
        status_code=status_code,
        document=document,
        organization=db.get_one(Organization, document.organization_id),
        signatures=queries.signatures_of(db, document_id),
        is_intact=queries.pdf_is_intact(db, document),
        is_outdated=in_force and encounter is not None and encounter.row_xid != document.encounter_version,
        may_open=_may_open(document, actor),
        may_sign=document.status == "formed" and document.practitioner_id == actor.practitioner_id,
        may_annul=in_force and actor.scope(Permission.DOCUMENTS_RECORD_ANNUL).allows(document.organization_id),
        form=form,
        reason_text=reason_text,
        **WORDS,
    )


def _may_open(document: Document, actor: Actor) -> bool:
    """What must be signed is seen before that by its signer alone: nobody hands out an unsigned paper."""
    return (
        bool(document.signed_at)
        or not document.signature_required
        or (document.practitioner_id == actor.practitioner_id)
    )


def _checked_pdf(db: Session, actor: Actor, document: Document) -> bytes:
    if not _may_open(document, actor):
        raise Conflict(_("This document is not signed yet"))
    if not queries.pdf_is_intact(db, document):
        raise Conflict(
            _("The stored document is damaged"),
            advice=_("It is not handed out. Tell the administrator its number."),
        )
    return queries.pdf_of(db, document.id)


@router.get("/documents/{document_id}/pdf", name="documents:pdf")
def pdf(actor: DocumentReader, db: Db, document_id: int) -> Response:
    """The PDF as it was formed."""
    document, _access = _opened(db, actor, document_id)
    return _file(_checked_pdf(db, actor, document), "application/pdf", f"{document.number}.pdf", "inline")


@router.get("/documents/{document_id}/container", name="documents:container")
def download(actor: DocumentReader, db: Db, document_id: int) -> Response:
    """The document with all its signatures and evidence."""
    document, _access = _opened(db, actor, document_id)
    signed = [
        container.Signed(row.cms, [(one.kind, one.content) for one in queries.evidence_of(db, row.id)])
        for row in queries.signatures_of(db, document_id)
    ]
    packed = container.pack(document.number, _checked_pdf(db, actor, document), signed)
    return _file(packed, "application/zip", f"{document.number}.zip", "attachment")


def _file(content: bytes, kind: str, name: str, how: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'{how}; filename="{name}"'})


@router.post("/documents/{document_id}/annul", name="documents:annul")
def annul(request: Request, actor: DocumentAnnuller, db: Db, document_id: int, posted: PostedForm) -> Response:
    """Annul a document."""
    document = queries.document_or_404(db, document_id)
    open_patient(db, actor, document.patient_id, Permission.DOCUMENTS_RECORD_ANNUL)
    form = posted.check(AnnulForm)
    if form.value is not None:
        about = _("Document № %(number)s", number=document.number)
        signing = demand(request, db, actor, posted, "action:annulment", document.organization_id, about)
        if signing is not None:
            return signing
        service.annul(db, actor, document_id, form.value.reason)
        url = str(request.app.url_path_for("documents:document", document_id=document_id))
        return redirect(request, url, _("The document is annulled"))
    return _document_page(request, db, actor, document_id, form, 422)


@router.get("/documents", name="documents:journal")
def journal(request: Request, actor: DocumentReader, db: Db, paging: Paging) -> Response:
    """The journal of documents."""
    form = Posted(request.query_params).check(JournalFilter)
    scope = actor.scope(Permission.DOCUMENTS_RECORD_READ)
    found = fetch_page(
        db,
        queries.journal(scope, form.value or JournalFilter()),
        paging,
        sortable={"number": Document.number, "date": Document.formed_at, "status": Document.status},
        default=[Document.id.desc()],
    )
    audit.read_many(db, actor, {row.Patient.id for row in found.items}, rule="document_journal")
    return page(
        request,
        "documents/journal.html",
        form=form,
        found=found,
        full_name=full_name,
        kinds=[(kind, kind_text(kind)) for kind in declarations()],
        status_code=422 if form.errors else 200,
        **WORDS,
    )


@router.get("/check/{code}", name="documents:check")
def check(request: Request, _actor: Anybody, db: Db, code: str) -> Response:
    """What anybody who holds the paper may know: that it exists, from whom, and whether it is in force."""
    document = queries.document_by_code(db, code)
    if document is None:
        raise NotFound(
            _("No such document was issued here"),
            advice=_("Compare the address with the one on the paper, letter by letter."),
        )
    return page(
        request,
        "documents/check.html",
        document=document,
        organization=db.get_one(Organization, document.organization_id),
        is_intact=queries.pdf_is_intact(db, document),
        **WORDS,
    )
