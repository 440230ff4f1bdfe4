"""Register cards: pregnancy and dispensary observation, and the steps planned on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.closed_topics.veil import unveiled
from ops_app.modules.classifiers.versions import offered_on
from ops_app.modules.episodes import plan_refresh, plans, queries
from ops_app.modules.episodes.forms import CloseForm, DispensaryForm, ExclusionForm, OutcomeForm, PregnancyForm
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare
from ops_app.modules.episodes.plan_texts import by_person
from ops_app.modules.organizations.queries import Workplace
from ops_app.modules.patients.care_place import care_place
from ops_app.modules.patients.queries import live_death, patient_or_404, record_ids

FERTILE_AGES = range(10, 61)


def _noon(day: dt.date) -> dt.datetime:
    # A card is opened on a day; its moment must not lie in the future on that day.
    return min(clock.from_local(day, dt.time(12)), clock.now())


def _check_alive(session: Session, records: Sequence[int], field: str) -> None:
    if live_death(session, records) is not None:
        raise Invalid(_("The death of this person is registered"), field=field)


def _log(
    session: Session, actor: Actor, row: EpisodeOfCare | CarePlanActivity, before: dict[str, object] | None
) -> None:
    audit.changed(
        session,
        actor,
        entity=f"episodes.{row.__tablename__}",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )


def register_pregnancy(
    session: Session, actor: Actor, patient_id: int, data: PregnancyForm, place: Workplace
) -> EpisodeOfCare:
    """Put a pregnancy on the register and plan its visits."""
    records = record_ids(session, patient_id)
    patient = patient_or_404(session, patient_id)
    if patient.sex == "male":
        raise Invalid(_("A pregnancy card is opened for a woman"), field="lmp_date")
    age = (data.registered_date - patient.birth_date).days // 365
    if age not in FERTILE_AGES:
        raise Invalid(_("The age does not allow a pregnancy: check the birth date"), field="lmp_date")
    if data.registered_date > clock.today():
        raise Invalid(_("The date lies in the future"), field="registered_date")
    weeks, _days = plans.gestation(data.lmp_date, data.registered_date)
    if not 2 <= weeks <= 43:
        raise Invalid(
            _("By these dates the pregnancy would last %(weeks)s weeks: check the last menstrual period", weeks=weeks),
            field="lmp_date",
        )
    _check_alive(session, records, "lmp_date")
    if queries.open_pregnancy(session, records) is not None:
        raise Conflict(_("A pregnancy card is already open"), advice=_("Enter the outcome of that pregnancy first."))
    site_id = care_place(session, records, place).site_id
    at = _noon(data.registered_date)
    episode = EpisodeOfCare(
        patient_id=patient_id,
        organization_id=place.organization.id,
        practitioner_id=actor.practitioner_id,
        site_id=site_id,
        kind="pregnancy",
        event_at=at,
        known_at=at,
        lmp_date=data.lmp_date,
        due_date=plans.due_date(data.lmp_date),
        risk_level=data.risk_level,
        required_care_level=data.required_care_level,
        note=data.note,
        recorded_by=actor.login,
    )
    session.add(episode)
    session.flush()
    _log(session, actor, episode, None)
    plan_refresh.refresh(session, actor, patient_id)
    return episode


def _plan(session: Session, actor: Actor, episode: EpisodeOfCare, step: str, planned_date: dt.date) -> None:
    activity = CarePlanActivity(
        patient_id=episode.patient_id,
        organization_id=episode.organization_id,
        practitioner_id=episode.practitioner_id,
        episode_id=episode.id,
        programme=episode.kind,
        step=step,
        planned_date=planned_date,
        site_id=episode.site_id,
        event_at=episode.event_at,
        known_at=episode.known_at,
        recorded_by=actor.login,
    )
    session.add(activity)
    session.flush()
    _log(session, actor, activity, None)


def close_pregnancy(session: Session, actor: Actor, episode_id: int, data: OutcomeForm) -> EpisodeOfCare:
    """Enter the outcome; what was still planned is cancelled."""
    episode = _open_card(session, episode_id, data.version)
    if data.outcome_date > clock.today():
        raise Invalid(_("The date lies in the future"), field="outcome_date")
    if episode.lmp_date and data.outcome_date <= episode.lmp_date:
        raise Invalid(_("The outcome lies before the pregnancy"), field="outcome_date")
    outcome_at = min(clock.from_local(data.outcome_date, data.outcome_time or dt.time(12)), clock.now())
    known_at = _noon(data.known_date) if data.known_date else clock.now()
    if known_at < outcome_at:
        raise Invalid(_("It cannot be known before it happened"), field="known_date")
    if episode.lmp_date and data.outcome in ("live_birth", "stillbirth"):
        weeks, _days = plans.gestation(episode.lmp_date, data.outcome_date)
        if weeks < 22:
            raise Invalid(_("At %(weeks)s weeks it is a miscarriage, not a birth", weeks=weeks), field="outcome")
    before = audit.snapshot(episode)
    episode.outcome, episode.outcome_at, episode.outcome_known_at = data.outcome, outcome_at, known_at
    _finish(episode, max(outcome_at, episode.event_at), known_at, "outcome")
    session.flush()
    _log(session, actor, episode, before)
    _cancel_waiting(session, actor, episode, "outcome")
    plan_refresh.refresh(session, actor, episode.patient_id)
    return episode


def _open_card(session: Session, episode_id: int, version: int) -> EpisodeOfCare:
    episode = queries.locked_episode(session, episode_id)
    if episode.row_xid != version:
        raise Conflict(
            _("Somebody changed this card while you were editing it"),
            advice=_("Open it again, look at its newest state and repeat your change."),
        )
    if episode.status != "active" or episode.entered_in_error_at is not None:
        raise Conflict(_("The card is closed already"))
    return episode


def _finish(episode: EpisodeOfCare, end_at: dt.datetime, known_at: dt.datetime, reason: str) -> None:
    episode.status, episode.end_at, episode.end_known_at, episode.close_reason = "finished", end_at, known_at, reason


def _cancel_waiting(session: Session, actor: Actor, episode: EpisodeOfCare, reason: str) -> None:
    for step in queries.waiting_steps(session, episode.id):
        before = audit.snapshot(step)
        step.status, step.cancel_reason = "cancelled", reason
        session.flush()
        _log(session, actor, step, before)


def open_dispensary_card(
    session: Session, actor: Actor, patient_id: int, data: DispensaryForm, place: Workplace
) -> EpisodeOfCare:
    """Put a person under dispensary observation for a diagnosis."""
    records = record_ids(session, patient_id)
    if not offered_on(session, "icd10", [data.icd10], data.registered_date):
        raise Invalid(_("There is no such code in ICD-10"), field="icd10")
    if data.registered_date > clock.today():
        raise Invalid(_("The date lies in the future"), field="registered_date")
    if data.registered_date < patient_or_404(session, patient_id).birth_date:
        raise Invalid(_("The date lies before the birth"), field="registered_date")
    _check_alive(session, records, "icd10")
    with unveiled(session):
        is_open = any(card.icd10 == data.icd10 for card in queries.open_dispensary(session, records))
    if is_open:
        raise Conflict(_("A card with this diagnosis is already open"))
    if data.next_date and data.next_date <= data.registered_date:
        raise Invalid(_("The next visit comes after the registration"), field="next_date")
    at = _noon(data.registered_date)
    episode = EpisodeOfCare(
        patient_id=patient_id,
        organization_id=place.organization.id,
        practitioner_id=actor.practitioner_id,
        site_id=care_place(session, records, place).site_id,
        kind="dispensary",
        icd10=data.icd10,
        event_at=at,
        known_at=at,
        recorded_by=actor.login,
    )
    session.add(episode)
    session.flush()
    _log(session, actor, episode, None)
    if data.next_date:
        _plan(session, actor, episode, "control", data.next_date)
    plan_refresh.refresh(session, actor, patient_id)
    return episode


def close_card(session: Session, actor: Actor, episode_id: int, data: CloseForm) -> EpisodeOfCare:
    """Close a card without an outcome; a pregnancy only when the woman moved or was handed over."""
    episode = _open_card(session, episode_id, data.version)
    if episode.kind == "pregnancy" and data.close_reason == "recovered":
        raise Invalid(_("A pregnancy ends with its outcome"), field="close_reason")
    if data.end_date > clock.today():
        raise Invalid(_("The date lies in the future"), field="end_date")
    end_at = _noon(data.end_date)
    if end_at.date() < episode.event_at.date():
        raise Invalid(_("The card was opened on %(date)s", date=show_date(episode.event_at)), field="end_date")
    before = audit.snapshot(episode)
    _finish(episode, max(end_at, episode.event_at), clock.now(), data.close_reason)
    session.flush()
    _log(session, actor, episode, before)
    _cancel_waiting(session, actor, episode, data.close_reason)
    plan_refresh.refresh(session, actor, episode.patient_id)
    return episode


def close_by_death(
    session: Session, actor: Actor, records: Sequence[int], died_at: dt.datetime, known_at: dt.datetime
) -> None:
    """The dead are on no register: close every open card and cancel what was planned."""
    pregnancy = queries.open_pregnancy(session, records)
    cards = [*queries.open_dispensary(session, records), *([pregnancy] if pregnancy else [])]
    for card in cards:
        before = audit.snapshot(card)
        _finish(card, max(died_at, card.event_at), known_at, "died")
        session.flush()
        _log(session, actor, card, before)
        _cancel_waiting(session, actor, card, "died")


def _own_step(session: Session, patient_id: int, step_id: int) -> CarePlanActivity:
    step = session.get(CarePlanActivity, step_id, with_for_update=True, populate_existing=True)
    if step is None or step.patient_id not in record_ids(session, patient_id) or step.entered_in_error_at is not None:
        raise NotFound(_("There is no such planned step"))
    return step


def exclude_step(
    session: Session, actor: Actor, patient_id: int, step_id: int, data: ExclusionForm
) -> CarePlanActivity:
    """Take a person off a list for a reason that a person states; the rules leave such a step alone."""
    step = _own_step(session, patient_id, step_id)
    if step.status != "planned":
        raise Conflict(_("This step does not wait any more"))
    before = audit.snapshot(step)
    step.status, step.cancel_reason = "cancelled", data.reason
    session.flush()
    _log(session, actor, step, before)
    # For some reasons the next year makes good what this one left out.
    plan_refresh.refresh(session, actor, patient_id)
    return step


def restore_step(session: Session, actor: Actor, patient_id: int, step_id: int) -> CarePlanActivity:
    """Put a person back on a list he was taken off."""
    step = _own_step(session, patient_id, step_id)
    if step.status != "cancelled" or not by_person(step.cancel_reason):
        raise Conflict(_("This step was not taken off by a person"))
    before = audit.snapshot(step)
    step.status, step.cancel_reason = "planned", None
    session.flush()
    _log(session, actor, step, before)
    plan_refresh.refresh(session, actor, patient_id)
    return step


def reopen_steps(session: Session, actor: Actor, encounter_id: int, programme: str | None = None) -> None:
    """A visit entered in error completed nothing; with a programme, only that programme's step waits again."""
    for step in queries.steps_closed_by(session, encounter_id):
        if programme is not None and step.programme != programme:
            continue
        _reopen(session, actor, step)


def reopen_programme(session: Session, actor: Actor, patient_id: int, programme: str) -> None:
    """A service outside a visit did not count after all: the step of this year waits, until other facts close it."""
    for step in queries.steps_closed_outside_visits(session, patient_id, programme):
        _reopen(session, actor, step)


def _reopen(session: Session, actor: Actor, step: CarePlanActivity) -> None:
    before = audit.snapshot(step)
    step.status, step.encounter_id, step.evidence = "planned", None, "typed"
    session.flush()
    _log(session, actor, step, before)


def plan_next(session: Session, actor: Actor, records: Sequence[int], purpose: str, next_date: dt.date) -> bool:
    """Move the next step of the card that a visit belongs to, or plan one; False when there is no card."""
    if purpose == "pregnancy":
        episode = queries.open_pregnancy(session, records)
    else:
        cards = queries.open_dispensary(session, records) if purpose == "dispensary" else []
        episode = cards[0] if cards else None
    if episode is None:
        return False
    waiting = [
        step for step in queries.waiting_steps(session, episode.id) if (step.planned_date or next_date) >= clock.today()
    ]
    if not waiting:
        _plan(session, actor, episode, "control", next_date)
        return True
    before = audit.snapshot(waiting[0])
    waiting[0].planned_date = next_date
    session.flush()
    _log(session, actor, waiting[0], before)
    return True
