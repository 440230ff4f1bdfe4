"""Writes about requests of people: registered with their deadline, answered, refused, overdue ones told of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _, speaking
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.kit.working_days import working_day_after
from ops_app.modules.documents import service as documents
from ops_app.modules.documents.models import Document
from ops_app.modules.notifications.service import tell_holders
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import live_by_identifier, record_ids, standing_for
from ops_app.modules.personal_data import files, held, queries, request_queries
from ops_app.modules.personal_data.declarations import refusals
from ops_app.modules.personal_data.files import Upload
from ops_app.modules.personal_data.forms import AnswerForm, BlockForm, RefusalForm, RequestForm
from ops_app.modules.personal_data.models import DataBlock, Representative, SubjectRequest
from ops_app.modules.personal_data.notices import OVERDUE
from ops_app.modules.personal_data.titles import BASES, CHANNELS, REQUEST_KINDS
from ops_app.permissions import Permission

ANSWER_DAYS = 3
"""Working days for an answer, a change or a reasoned refusal: order ҚР ДСМ-30 of 14.04.2021, items 12, 25, 26."""


def register(session: Session, actor: Actor, form: RequestForm, upload: Upload | None) -> SubjectRequest:
    """Register an application; its clock starts on the day it was received."""
    if not actor.scope(Permission.PERSONAL_DATA_REQUEST_REGISTER).allows(form.organization_id):
        raise Forbidden(_("Choose an organisation of yours"), field="organization_id")
    patient = live_by_identifier(session, form.person)
    if patient is None:
        raise Invalid(_("No live record has this identifier"), field="person")
    if form.received_on > clock.today():
        raise Invalid(_("This day has not come yet"), field="received_on")
    if form.kind == "correction" and not form.proof:
        raise Invalid(_("A change rests on documents: say which"), field="proof")
    if form.representative_id:
        queries.speaker(session, patient.id, form.representative_id, form.received_on)
    stored = files.store(session, actor, patient.id, upload, files.scan_type(upload)) if upload else None
    year = form.received_on.year
    sequence = documents.next_number(session, "subject_request", form.organization_id, year)
    row = SubjectRequest(
        number=f"{year}-{sequence:05d}",
        patient_id=patient.id,
        representative_id=form.representative_id or None,
        due_on=working_day_after(form.received_on, ANSWER_DAYS),
        file_id=stored.id if stored else None,
        state="received",
        registered_at=clock.now(),
        registered_by=actor.login,
        **form.model_dump(exclude={"person", "representative_id"}),
    )
    session.add(row)
    session.flush()
    _log(session, actor, row, None, audit.snapshot(row))
    return row


def answer(session: Session, actor: Actor, request_id: int, form: AnswerForm, check_path: str) -> SubjectRequest:
    """Answer a request with what is really held; correction, blocking and destruction are done before."""
    row = request_queries.locked(session, actor, request_id)
    _check_open(row)
    if row.kind == "blocking" and _block(session, row) is None:
        raise Conflict(_("Block the data first, or refuse"))
    if row.kind == "unblocking" and _block(session, row) is not None:
        raise Conflict(_("Lift the block first, or refuse"))
    if row.kind == "correction" and not request_queries.was_changed(session, row):
        raise Conflict(_("Nothing of the person's data was changed since the application came: correct them first"))
    if row.kind == "destruction":
        raise Conflict(_("A demand to destroy is met by an act of destruction, or refused"))
    organization = session.get_one(Organization, row.organization_id)
    with speaking(form.language):
        contents = three_parts(session, row)
    document = documents.form_for_person(
        session,
        actor,
        organization,
        row.patient_id,
        "personal_data_answer",
        form.language,
        contents | {"outcome": form.outcome},
        check_path,
    )
    holdings = _holdings(session, row)
    row.answer = {
        **{name: contents[name] for name in ("first", "second", "third", "given")},
        "held": [holding.as_dict() for holding in holdings],
    }
    _decide(session, actor, row, "answered", form.outcome, document, None)
    return row


def refuse(session: Session, actor: Actor, request_id: int, form: RefusalForm, check_path: str) -> SubjectRequest:
    """Refuse a request by one of the declared reasons, with a signed answer that can be appealed."""
    row = request_queries.locked(session, actor, request_id)
    _check_open(row)
    reason = refusals().get(form.refusal)
    if reason is None:
        raise Invalid(_("Choose one of the listed values"), field="refusal")
    with speaking(form.language):
        contents = _about(session, row) | {"reason": str(reason.title), "source": str(reason.source)}
    document = documents.form_for_person(
        session,
        actor,
        session.get_one(Organization, row.organization_id),
        row.patient_id,
        "personal_data_refusal",
        form.language,
        contents | {"outcome": form.outcome},
        check_path,
    )
    _decide(session, actor, row, "refused", form.outcome, document, form.refusal)
    return row


def close_destroyed(session: Session, actor: Actor, row: SubjectRequest, act: str) -> None:
    """A demand to destroy is met by the act."""
    _check_open(row)
    _decide(session, actor, row, "answered", act, None, None)


def three_parts(session: Session, row: SubjectRequest) -> dict[str, Any]:
    """The answer in the language of the block: that data are held, which, until when; and who was given them."""
    holdings = _holdings(session, row)
    patient = session.get_one(Patient, row.patient_id)
    records = record_ids(session, row.patient_id)
    given = [
        f"{show_date(one.given_on)}: {one.recipient} — {one.what} ({_(BASES[one.basis])})"
        for one in request_queries.disclosures_of(session, records)
    ]
    return _about(session, row) | {
        "first": held.first_part(holdings),
        "second": held.second_part(holdings, _passport_fields(patient)),
        "third": held.third_part(holdings),
        "given": given,
    }


def _holdings(session: Session, row: SubjectRequest) -> Sequence[held.Holding]:
    places = descendant_ids(session, [row.organization_id])
    return held.held(session, record_ids(session, row.patient_id), places)


def _passport_fields(patient: Patient) -> list[str]:
    named = (
        (_("name"), patient.family_name),
        (_("IIN"), patient.iin),
        (_("birth date"), patient.birth_date),
        (_("sex"), patient.sex),
        (_("phone number"), patient.phone),
        (_("address"), patient.address_line or patient.kato_code),
        (_("identity document"), patient.document_number),
        (_("citizenship"), patient.citizenship),
    )
    return [title for title, value in named if value]


def _about(session: Session, row: SubjectRequest) -> dict[str, Any]:
    patient = session.get_one(Patient, row.patient_id)
    speaker = session.get(Representative, row.representative_id) if row.representative_id else None
    request = f"№ {row.number}, {show_date(row.received_on)}, {_(CHANNELS[row.channel])}: {_(REQUEST_KINDS[row.kind])}"
    return {
        "patient": {"name": full_name(patient), "number": patient.iin or patient.temporary_id},
        "applicant": f"{speaker.name} ({speaker.basis})" if speaker else full_name(patient),
        "request": request,
    }


def block(session: Session, actor: Actor, row: SubjectRequest, form: BlockForm) -> DataBlock:
    """Store the data and let nobody use or distribute them until the block is lifted."""
    _check_open(row)
    if form.until is not None and form.until < clock.today():
        raise Invalid(_("The end lies in the past"), field="until")
    if _block(session, row) is not None:
        raise Conflict(_("The data are blocked already"))
    made = DataBlock(
        patient_id=standing_for(session, row.patient_id),
        organization_id=row.organization_id,
        request_id=row.id,
        reason=form.reason,
        until=form.until,
        blocked_at=clock.now(),
        blocked_by=actor.login,
    )
    _end_lapsed(session, made.patient_id)
    session.add(made)
    session.flush()
    _log_block(session, actor, made, None, {"reason": made.reason, "until": made.until})
    return made


def _end_lapsed(session: Session, patient_id: int) -> None:
    """A block past its last day is closed, so that the next one can begin."""
    lapsed = select(DataBlock).where(DataBlock.patient_id == patient_id, DataBlock.lifted_at.is_(None))
    for row in session.scalars(lapsed):
        row.lifted_at, row.lifted_by, row.lifting_reason = clock.now(), audit.SYSTEM, "the last day has passed"
    session.flush()


def lift(session: Session, actor: Actor, row: SubjectRequest, form: BlockForm) -> None:
    """End a block."""
    found = _block(session, row)
    if found is None:
        raise Conflict(_("The data are not blocked"))
    found.lifted_at, found.lifted_by, found.lifting_reason = clock.now(), actor.login, form.reason
    session.flush()
    before = {"lifted_at": None, "lifting_reason": None}
    _log_block(session, actor, found, before, {"lifted_at": found.lifted_at, "lifting_reason": form.reason})


def _block(session: Session, row: SubjectRequest) -> DataBlock | None:
    return queries.current_block(session, record_ids(session, standing_for(session, row.patient_id)))


def tell_of_overdue(session: Session, today: dt.date) -> int:
    """Tell those who decide, once a day, that a request has no answer though its last day has passed."""
    rows = request_queries.overdue(session, today)
    for row in rows:
        tell_holders(
            session,
            OVERDUE,
            Permission.PERSONAL_DATA_REQUEST_DECIDE,
            row.organization_id,
            f"/personal-data/requests/{row.id}",
        )
        row.told_overdue_on = today
    return len(rows)


def _check_open(row: SubjectRequest) -> None:
    if row.state != "received":
        raise Conflict(_("This request is decided already"))


def _decide(
    session: Session,
    actor: Actor,
    row: SubjectRequest,
    state: str,
    outcome: str,
    document: Document | None,
    refusal: str | None,
) -> None:
    before = {"state": row.state, "outcome": None, "refusal": None, "document_id": None}
    row.state, row.outcome, row.refusal = state, outcome, refusal
    row.document_id = document.id if document else None
    row.decided_at, row.decided_by = clock.now(), actor.login
    session.flush()
    after = {"state": state, "outcome": outcome, "refusal": refusal, "document_id": row.document_id}
    _log(session, actor, row, before, after)


def _log(
    session: Session,
    actor: Actor,
    row: SubjectRequest,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    audit.changed(
        session,
        actor,
        entity="personal_data.subject_request",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=after,
    )


def _log_block(
    session: Session, actor: Actor, row: DataBlock, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    audit.changed(
        session,
        actor,
        entity="personal_data.data_block",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=after,
    )
