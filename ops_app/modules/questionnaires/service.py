"""Filling in a form: begun, kept while it is written, completed, corrected, marked as an error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import age_months, age_years
from ops_app.mechanisms.questionnaire.answers import Checked, check
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import AttachmentItem, NumberItem, SignatureItem
from ops_app.mechanisms.questionnaire.evaluation import Value, is_number
from ops_app.mechanisms.questionnaire.scoring import initial_values
from ops_app.mechanisms.questionnaire.signing import bound
from ops_app.modules.organizations.care_profiles import belongs, profiles_of
from ops_app.modules.organizations.queries import Workplace
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import live_death, patient_or_404, record_ids, standing_for
from ops_app.modules.questionnaires import queries
from ops_app.modules.questionnaires.catalogue import compiled_of, offered_or_404, stored
from ops_app.modules.questionnaires.codes import with_codes
from ops_app.modules.questionnaires.models import QuestionnaireResponse, ResponseRevision
from ops_app.modules.visits import corrections
from ops_app.modules.visits.measurements import record_measurement
from ops_app.modules.visits.models import Observation
from ops_app.modules.visits.queries import encounter_or_404
from ops_app.permissions import Permission

FUTURE_MINUTES = 10


def person_facts(patient: Patient, on: dt.date) -> dict[str, Value]:
    """What formulas may know of the person."""
    return {
        "patient_age_years": float(age_years(patient.birth_date, on)),
        "patient_age_months": float(age_months(patient.birth_date, on)),
        "patient_sex": patient.sex if patient.sex in ("male", "female") else None,
    }


def facts_of(session: Session, response: QuestionnaireResponse) -> dict[str, Value]:
    """The person of a response on the day of the assessment."""
    return person_facts(patient_or_404(session, response.patient_id), clock.local(response.event_at).date())


def start(
    session: Session,
    actor: Actor,
    patient_id: int,
    key: str,
    place: Workplace,
    *,
    encounter_id: int | None = None,
    template_id: int | None = None,
) -> QuestionnaireResponse:
    """Begin a form with what is known; a draft the actor left unfinished is opened again."""
    patient_id = standing_for(session, patient_id)
    patient = patient_or_404(session, patient_id)
    records = record_ids(session, patient_id)
    _check_place(actor, place.organization.id)
    form = offered_or_404(session, key)
    if form.why_off is not None:
        raise Conflict(_("This form cannot be filled in"), advice=form.why_off)
    if not belongs(key, profiles_of(session, place.organization.id)):
        raise Conflict(
            _("This form does not belong to the profile of your organisation"),
            advice=_("The administrator chooses the profiles on the page of the organisation."),
        )
    now = clock.now()
    if encounter_id is not None:
        encounter = encounter_or_404(session, encounter_id)
        if encounter.patient_id not in records or encounter.entered_in_error_at is not None:
            raise Invalid(_("This visit does not belong to the person"))
    draft = queries.own_draft(session, actor, records, key, encounter_id)
    if draft is not None and template_id is None:
        return draft
    person = person_facts(patient, clock.local(now).date())
    answers = initial_values(form.version.compiled, person)
    known, references = _known_values(session, form.version.compiled, records, now)
    answers |= known | _signers(form.version.compiled, actor, patient)
    template = queries.template_or_404(session, actor, template_id) if template_id is not None else None
    if template is not None:
        kept = with_codes(session, form.version.compiled, template.answers, clock.local(now).date())
        answers = kept | answers
    response = QuestionnaireResponse(
        patient_id=patient_id,
        organization_id=place.organization.id,
        practitioner_id=actor.practitioner_id,
        encounter_id=encounter_id,
        template_id=template.id if template is not None else None,
        key=key,
        version_id=stored(session, form.version).id,
        answers=answers,
        observations=references,
        event_at=now,
        known_at=now,
        recorded_by=actor.login,
    )
    session.add(response)
    session.flush()
    _log(session, actor, response)
    return response


def _signers(compiled: Compiled, actor: Actor, patient: Patient) -> dict[str, Any]:
    """Who is going to sign, as far as it is known."""
    names = {"patient": full_name(patient), "staff": actor.display_name}
    return {
        item.id: {"name": names[item.signer]}
        for item in compiled.definition.items
        if isinstance(item, SignatureItem) and item.signer in names
    }


def _known_values(
    session: Session, compiled: Compiled, records: Sequence[int], now: dt.datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the card that are new enough, with the observation each came from."""
    asked = {item.id: item for item in compiled.definition.items if isinstance(item, NumberItem) and item.observation}
    newest = queries.newest_observations(session, records, {str(item.observation) for item in asked.values()}, now)
    answers: dict[str, Any] = {}
    references: dict[str, Any] = {}
    for name, item in asked.items():
        row = newest.get(str(item.observation))
        if row is None or row.value_number is None or (item.unit and row.unit and item.unit != row.unit):
            continue
        age = (clock.local(now).date() - clock.local(row.event_at).date()).days
        if age <= item.max_age_days:
            answers[name] = float(row.value_number)
            references[name] = {"id": row.id, "value": float(row.value_number), "written": False}
    return answers, references


def save_draft(
    session: Session, actor: Actor, response_id: int, answers: Mapping[str, Any], version: int
) -> QuestionnaireResponse:
    """Keep what was typed so far, right or not; nobody reads it as a finding yet."""
    response = _open_response(session, actor, response_id, version)
    if response.status != "in_progress":
        raise Conflict(_("The form is completed already"))
    # Drafts change every few seconds: the audit shows the completed form and who opened the draft.
    day = clock.local(response.event_at).date()
    response.answers = _given(session, response, answers, facts_of(session, response), day)
    session.flush()
    session.refresh(response)
    return response


def _given(
    session: Session,
    response: QuestionnaireResponse,
    answers: Mapping[str, Any],
    person: Mapping[str, Value],
    day: dt.date,
) -> dict[str, Any]:
    """What was typed, with codes as of the day, files stored one by one, and signatures bound to all of it."""
    form = compiled_of(queries.version_of(session, response))
    given = _with_files(session, response, with_codes(session, form, answers, day))
    return bound(form, given, response.answers, person, clock.now())


def complete(
    session: Session,
    actor: Actor,
    response_id: int,
    answers: Mapping[str, Any],
    at: dt.datetime,
    version: int,
    reason: str | None = None,
) -> tuple[QuestionnaireResponse, Checked]:
    """Complete a form, or correct a completed one; nothing is stored while something is wrong with it."""
    response = _open_response(session, actor, response_id, version)
    patient = patient_or_404(session, response.patient_id)
    _check_moment(session, patient, at)
    is_correction = response.status != "in_progress"
    if is_correction and not (reason or "").strip():
        raise Invalid(_("Say why the form is corrected"), field="reason")
    form = compiled_of(queries.version_of(session, response))
    day = clock.local(at).date()
    person = person_facts(patient, day)
    checked = check(form, _given(session, response, answers, person, day), person)
    if checked.errors:
        return response, checked
    before = audit.snapshot(response)
    now = clock.now()
    if is_correction:
        assert response.completed_at is not None
        session.add(
            ResponseRevision(
                response_id=response.id,
                revision=response.revision,
                event_at=response.event_at,
                answers=response.answers,
                score=response.score,
                completed_at=response.completed_at,
                written_by=response.recorded_by or audit.SYSTEM,
                reason=str(reason).strip(),
            )
        )
        response.revision += 1
        response.recorded_by, response.practitioner_id = actor.login, actor.practitioner_id
    response.status = "amended" if is_correction else "completed"
    response.answers, response.score = checked.answers, checked.outcome.score
    response.event_at, response.completed_at = at, now
    response.known_at = at if not is_correction else max(response.known_at, at)
    response.observations = _write_measurements(session, actor, response, form, checked)
    session.flush()
    _log(session, actor, response, before)
    session.refresh(response)
    return response, checked


def _write_measurements(
    session: Session, actor: Actor, response: QuestionnaireResponse, form: Compiled, checked: Checked
) -> dict[str, Any]:
    """A value typed here becomes an observation of the card; one taken from the card stays what it was."""
    references: dict[str, Any] = {}
    for item in form.definition.items:
        if not isinstance(item, NumberItem) or not item.observation:
            continue
        value, known = checked.answers.get(item.id), response.observations.get(item.id)
        if known is not None and known["value"] == value:
            references[item.id] = known
            continue
        if known is not None and known["written"]:
            _withdraw(session, actor, int(known["id"]), _("Corrected in the form"))
        if not is_number(value):  # type: ignore[arg-type]
            continue
        row = record_measurement(
            session,
            actor,
            patient_id=response.patient_id,
            organization_id=response.organization_id,
            encounter_id=response.encounter_id,
            code=item.observation,
            value=float(value),  # type: ignore[arg-type]
            unit=item.unit,
            at=response.event_at,
        )
        references[item.id] = {"id": row.id, "value": value, "written": True}
    return references


def _withdraw(session: Session, actor: Actor, observation_id: int, reason: str) -> None:
    row = session.get(Observation, observation_id)
    if row is not None and row.entered_in_error_at is None:
        corrections.mark_row_in_error(session, actor, "observation", observation_id, reason)


def mark_in_error(session: Session, actor: Actor, response_id: int, reason: str) -> QuestionnaireResponse:
    """Mark a completed form as entered in error, with the measurements it wrote."""
    response = queries.locked_response(session, response_id)
    _check_place(actor, response.organization_id)
    if response.status not in ("completed", "amended"):
        raise Conflict(_("Only a completed form can be an error; discard the draft instead"))
    if response.entered_in_error_at is not None:
        raise Conflict(_("It is already marked as an error"))
    before = audit.snapshot(response)
    response.entered_in_error_at = clock.now()
    response.entered_in_error_by, response.entered_in_error_reason = actor.login, reason
    session.flush()
    _log(session, actor, response, before)
    for known in response.observations.values():
        if known["written"]:
            _withdraw(session, actor, int(known["id"]), reason)
    return response


def discard(session: Session, actor: Actor, response_id: int) -> QuestionnaireResponse:
    """Give up a draft."""
    return _move_draft(
        session, actor, response_id, "in_progress", "discarded", refusal=_("The form is completed already")
    )


def take_up(session: Session, actor: Actor, response_id: int) -> QuestionnaireResponse:
    """Go on with a draft that was given up."""
    return _move_draft(
        session, actor, response_id, "discarded", "in_progress", refusal=_("This draft was not discarded")
    )


def _move_draft(
    session: Session, actor: Actor, response_id: int, old: str, new: str, *, refusal: str
) -> QuestionnaireResponse:
    response = queries.locked_response(session, response_id)
    _check_place(actor, response.organization_id)
    if response.status != old:
        raise Conflict(refusal)
    before = audit.snapshot(response)
    response.status = new
    session.flush()
    _log(session, actor, response, before)
    return response


def may_change(actor: Actor, response: QuestionnaireResponse) -> bool:
    """Whether the actor may go on with this form."""
    return (
        actor.scope(Permission.QUESTIONNAIRES_RESPONSE_WRITE).allows(response.organization_id)
        and response.entered_in_error_at is None
        and response.status != "discarded"
    )


def _check_place(actor: Actor, organization_id: int) -> None:
    if not actor.scope(Permission.QUESTIONNAIRES_RESPONSE_WRITE).allows(organization_id):
        raise Forbidden(_("You may not fill in forms of this organisation"))


def _open_response(session: Session, actor: Actor, response_id: int, version: int) -> QuestionnaireResponse:
    response = queries.locked_response(session, response_id)
    _check_place(actor, response.organization_id)
    if not may_change(actor, response):
        raise Conflict(_("This form cannot be changed any more"))
    if response.row_xid != version:
        raise Conflict(
            _("Somebody changed this form while you were filling it in"),
            advice=_("Open it again, look at its newest state and repeat your change."),
        )
    return response


def _check_moment(session: Session, patient: Patient, at: dt.datetime) -> None:
    if at > clock.now() + dt.timedelta(minutes=FUTURE_MINUTES):
        raise Invalid(_("The assessment lies in the future"), field="date")
    if clock.local(at).date() < patient.birth_date:
        raise Invalid(_("The assessment lies before the birth"), field="date")
    death = live_death(session, record_ids(session, patient.id))
    if death is not None and at > death.event_at:
        raise Invalid(_("The assessment lies after the death"), field="date")


def _with_files(session: Session, response: QuestionnaireResponse, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with the files that were stored one by one."""
    form = compiled_of(queries.version_of(session, response))
    files = queries.files_of(session, response.id)
    kept = {
        item.id: [
            {"id": row.id, "name": row.file_name, "type": row.content_type, "size": row.size, "sha256": row.sha256}
            for row in found
        ]
        for item in form.definition.items
        if isinstance(item, AttachmentItem) and (found := files.get(item.id))
    }
    return {**answers, **kept}


def _log(session: Session, actor: Actor, response: QuestionnaireResponse, before: dict[str, Any] | None = None) -> None:
    audit.changed(
        session,
        actor,
        entity="questionnaires.questionnaire_response",
        entity_id=response.id,
        patient_id=response.patient_id,
        before=before,
        after=audit.snapshot(response),
    )
