"""Every write of documents: forming, signing, annulling."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from asn1crypto import cms as asn1_cms
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _, speaking
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.document.declaration import Declaration, declarations, number
from ops_app.mechanisms.document.rendering import render, sha256
from ops_app.mechanisms.signature import time_stamp
from ops_app.mechanisms.signature.verdict import Evidence as Proof
from ops_app.mechanisms.signature.verdict import Signer, Verdict
from ops_app.modules.documents import queries, sending
from ops_app.modules.documents.contents import about_organization, about_signer, about_visit
from ops_app.modules.documents.models import (
    Document,
    DocumentSignature,
    Evidence,
    NumberCounter,
    SignatureEvidence,
)
from ops_app.modules.organizations.care_profiles import document_belongs, profiles_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.signatures import service as signatures
from ops_app.modules.signatures.queries import is_mandatory
from ops_app.modules.visits.models import Encounter
from ops_app.modules.visits.queries import locked_encounter
from ops_app.permissions import Permission
from saulyq.settings import settings


def form_document(
    session: Session,
    actor: Actor,
    encounter_id: int,
    kind: str,
    language: str,
    typed: Mapping[str, str | None],
    check_path: str,
) -> Document:
    """Form a document from a visit; ``check_path`` is the address of the check page with ``CODE`` in it."""
    declared = declarations().get(kind)
    if declared is None or declared.about != "visit":
        raise Invalid(_("Choose one of the listed values"), field="kind")
    encounter = locked_encounter(session, encounter_id)
    _check_visit(actor, encounter)
    if not document_belongs(kind, profiles_of(session, encounter.organization_id)):
        raise Conflict(
            _("This document does not belong to the profile of your organisation"),
            advice=_("The administrator chooses the profiles on the page of the organisation."),
        )
    # The record of a visit is its doctor's; a certificate is of whoever gives it.
    signer = encounter.practitioner_id if declared.one_per_visit else actor.practitioner_id
    if signer is None or signer != actor.practitioner_id:
        raise Forbidden(_("This document is formed and signed by the doctor of the visit"))
    before = queries.latest(session, kind, encounter_id) if declared.one_per_visit else None
    if before is not None and before.status != "annulled" and before.encounter_version == encounter.row_xid:
        raise Conflict(_("The visit has not changed since version %(number)s of this document", number=before.version))
    document = _numbered(session, declared, encounter, before)
    document.practitioner_id, document.language, document.formed_by = signer, language, actor.login
    document.check_code = secrets.token_urlsafe(16)
    default = declared.signature == "mandatory"
    document.signature_required = is_mandatory(session, f"document:{kind}", encounter.organization_id, default)
    with speaking(language):
        document.data = {
            **about_visit(session, encounter, signer),
            "number": document.number,
            "version": document.version,
            "date": show_date(document.formed_at),
            "typed": {field.name: typed.get(field.name) for field in declared.fields},
        }
    _set(session, document, declared, check_path)
    if before is not None and before.status != "annulled":
        before.status, before.replaced_by_id = "replaced", document.id
    _log(session, actor, document, None)
    return document


def form_for_person(
    session: Session,
    actor: Actor,
    organization: Organization,
    patient_id: int,
    kind: str,
    language: str,
    contents: Mapping[str, Any],
    check_path: str,
) -> Document:
    """Form a document about a person outside any visit; whoever forms it signs it."""
    if actor.practitioner_id is None:
        raise Forbidden(_("This document is signed by a member of staff; your account is tied to none"))
    declared, now = declarations()[kind], clock.now()
    year = clock.local(now).year
    sequence = next_number(session, kind, organization.id, year)
    document = Document(
        kind=kind,
        declaration=declared.version,
        language=language,
        organization_id=organization.id,
        patient_id=patient_id,
        practitioner_id=actor.practitioner_id,
        year=year,
        sequence=sequence,
        version=1,
        number=number(declared, year, sequence),
        check_code=secrets.token_urlsafe(16),
        signature_required=is_mandatory(
            session, f"document:{kind}", organization.id, declared.signature == "mandatory"
        ),
        status="formed",
        formed_at=now,
        formed_by=actor.login,
    )
    with speaking(language):
        document.data = {
            "organization": about_organization(organization),
            "doctor": about_signer(session, actor.practitioner_id),
            "number": document.number,
            "version": 1,
            "date": show_date(now),
            **contents,
        }
    _set(session, document, declared, check_path)
    _log(session, actor, document, None)
    return document


def _set(session: Session, document: Document, declared: Declaration, check_path: str) -> None:
    """Make the PDF; from here on neither it nor its data change."""
    check_url = settings().page_url(settings().ops_port) + check_path.replace("CODE", document.check_code)
    document.pdf = render(declared, document.language, document.data, check_url)
    document.pdf_sha256 = sha256(document.pdf)
    session.add(document)
    session.flush()


def _check_visit(actor: Actor, encounter: Encounter) -> None:
    if encounter.entered_in_error_at is not None:
        raise Conflict(_("This visit is marked as an error"))
    if not actor.scope(Permission.DOCUMENTS_RECORD_WRITE).allows(encounter.organization_id):
        raise Forbidden(_("This visit belongs to another organisation"))


def _numbered(session: Session, declared: Declaration, encounter: Encounter, before: Document | None) -> Document:
    now = clock.now()
    if before is not None:
        year, sequence, version = before.year, before.sequence, before.version + 1
    else:
        year, version = clock.local(now).year, 1
        sequence = next_number(session, declared.kind, encounter.organization_id, year)
    return Document(
        kind=declared.kind,
        declaration=declared.version,
        organization_id=encounter.organization_id,
        patient_id=encounter.patient_id,
        encounter_id=encounter.id,
        encounter_version=encounter.row_xid,
        year=year,
        sequence=sequence,
        version=version,
        number=number(declared, year, sequence),
        status="formed",
        formed_at=now,
    )


def next_number(session: Session, kind: str, organization_id: int, year: int) -> int:
    """The next number; the row stays locked until the commit, so a rolled-back document leaves no gap."""
    counted = insert(NumberCounter).values(kind=kind, organization_id=organization_id, year=year, last=1)
    return session.execute(
        counted.on_conflict_do_update(
            index_elements=["kind", "organization_id", "year"], set_={"last": NumberCounter.last + 1}
        ).returning(NumberCounter.last)
    ).scalar_one()


def sign_document(session: Session, actor: Actor, document_id: int, signature: bytes) -> str:
    """Accept a detached signature, or say why not; the attempt is kept either way."""
    document = queries.locked_document(session, document_id)
    if document.practitioner_id != actor.practitioner_id:
        raise Forbidden(_("This document is formed and signed by the doctor of the visit"))
    if document.status != "formed":
        raise Conflict(_("This document is signed, annulled or replaced already"))
    content = queries.pdf_of(session, document_id)
    verdict = signatures.judge(signature, content)
    reason = _judgement(session, document, content, verdict)
    signer = verdict.signers[0] if verdict.signers else None
    signatures.record_attempt(session, "document", reason, signer, account_id=actor.account_id, login=actor.login)
    if reason != "valid" or signer is None:
        audit.security(session, actor.login, "documents:signature_refused", account_id=actor.account_id, reason=reason)
        return reason
    kept = _keep(session, actor, document, signature, verdict, signer)
    before = _status(document)
    document.status, document.signed_at = "signed", clock.now()
    session.flush()
    sending.queue(session, actor, document, kept)
    _log(session, actor, document, before)
    return reason


def _judgement(session: Session, document: Document, content: bytes, verdict: Verdict) -> str:
    if sha256(content) != document.pdf_sha256:
        return "damaged"
    if not verdict.is_valid:
        return verdict.reason
    if len(verdict.signers) != 1:
        return "several_signers"
    organization = session.get_one(Organization, document.organization_id)
    return signatures.powers(session, document.practitioner_id, organization, verdict.signers[0])


def _keep(
    session: Session, actor: Actor, document: Document, signature: bytes, verdict: Verdict, signer: Signer
) -> DocumentSignature:
    row = DocumentSignature(
        document_id=document.id,
        account_id=actor.account_id,
        cms=signature,
        cms_sha256=sha256(signature),
        signer_name=signer.name,
        signer_iin=signer.iin,
        certificate_serial=signer.serial,
        received_at=clock.now(),
        verdict=verdict.as_dict(),
    )
    session.add(row)
    session.flush()
    proofs = list(verdict.evidence)
    if not any(proof.kind == "time_stamp" for proof in proofs) and settings().eds_tsp_url:
        token = time_stamp.ask(str(settings().eds_tsp_url), _signature_value(signature))
        if token is not None:
            proofs.append(Proof("time_stamp", token))
    for proof in proofs:
        session.add(SignatureEvidence(signature_id=row.id, evidence_id=_evidence_id(session, proof)))
    session.flush()
    return row


def _signature_value(signature: bytes) -> bytes:
    signers: Any = asn1_cms.ContentInfo.load(signature)["content"]["signer_infos"]
    return bytes(signers[0]["signature"].native)


def _evidence_id(session: Session, proof: Proof) -> int:
    digest = sha256(proof.content)
    session.execute(
        insert(Evidence)
        .values(kind=proof.kind, sha256=digest, content=proof.content)
        .on_conflict_do_nothing(index_elements=["sha256"])
    )
    return session.execute(select(Evidence.id).where(Evidence.sha256 == digest)).scalar_one()


def annul(session: Session, actor: Actor, document_id: int, reason: str) -> Document:
    """Take a document out of force; it stays readable and its check page says so."""
    document = queries.locked_document(session, document_id)
    if not actor.scope(Permission.DOCUMENTS_RECORD_ANNUL).allows(document.organization_id):
        raise Forbidden(_("This document belongs to another organisation"))
    if document.status in ("annulled", "replaced"):
        raise Conflict(_("This document is not in force any more"))
    return put_out_of_force(session, actor, document, reason)


def put_out_of_force(session: Session, actor: Actor, document: Document, reason: str) -> Document:
    """Mark a locked document as annulled, with who, when and why."""
    before = _status(document)
    document.status, document.annul_reason = "annulled", reason
    document.annulled_at, document.annulled_by = clock.now(), actor.login
    session.flush()
    _log(session, actor, document, before)
    return document


def _status(document: Document) -> dict[str, Any]:
    return {"status": document.status, "annul_reason": document.annul_reason}


def _log(session: Session, actor: Actor, document: Document, before: dict[str, Any] | None) -> None:
    after = _status(document)
    if before is None:
        after |= {"kind": document.kind, "number": document.number, "version": document.version}
    audit.changed(
        session,
        actor,
        entity="documents.document",
        entity_id=document.id,
        patient_id=document.patient_id,
        before=before,
        after=after,
    )
