"""Keeping the planned steps of people as the declared programmes want them; what is right already is not touched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.mechanisms.care_plan.declaration import definitions
from ops_app.mechanisms.care_plan.evaluate import Activity, evaluate, next_change
from ops_app.mechanisms.closed_topics.veil import unveiled
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare, PlanReview
from ops_app.modules.episodes.plan_facts import BY_RULE, Person, people
from ops_app.modules.patients.queries import current_attachment
from ops_app.modules.visits.models import Encounter

BATCH = 500
_CHANGED = text("""
select patient_id from (
    select id as patient_id, row_xid from patients.patient where row_xid >= :since
    union all select patient_id, row_xid from patients.patient_link where row_xid >= :since
    union all select patient_id, row_xid from patients.attachment where row_xid >= :since
    union all select patient_id, row_xid from deaths.death where row_xid >= :since
    union all select patient_id, row_xid from visits.encounter where row_xid >= :since
    union all select patient_id, row_xid from visits.procedure where row_xid >= :since
    union all select patient_id, row_xid from visits.condition where row_xid >= :since
    union all select patient_id, row_xid from episodes.episode_of_care where row_xid >= :since
) as fresh
union
select patient_id from episodes.plan_review where next_on <= :today or declared <> :declared
union
select p.id from patients.patient p left join episodes.plan_review r on r.patient_id = p.id
where r.patient_id is null and p.is_live and p.entered_in_error_at is null
order by patient_id
""")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: people looked at, steps written."""

    people: int
    steps: int


def declared_hash() -> str:
    """Changes when any declaration does, so that everybody is looked at again."""
    return hashlib.sha256("".join(found.model_dump_json() for found in definitions()).encode()).hexdigest()[:16]


def refresh(session: Session, actor: Actor | None, patient_id: int) -> int:
    """Bring the steps of one person up to date after a fact of his changed; how many rows were written."""
    session.flush()
    with unveiled(session):
        # the plan follows from every fact, also from those its reader may not see
        return sum(_refresh_person(session, actor, person) for person in people(session, [patient_id]))


def changed_people(session: Session) -> Sequence[int]:
    """Whose facts changed since the last run, whose list or year begins, and whoever was never looked at."""
    since = session.scalar(select(func.max(PlanReview.seen_xid))) or 0
    values = {"since": since, "today": clock.today(), "declared": declared_hash()}
    return session.scalars(_CHANGED, values).all()


def refresh_changed(session: Session) -> Iterator[Outcome]:
    """The nightly run, in batches; the caller commits after each."""
    # Rows of transactions that are open now are taken by the next run.
    horizon = session.scalar(text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
    waiting = changed_people(session)
    for start in range(0, len(waiting), BATCH):
        found = people(session, waiting[start : start + BATCH])
        written = sum(_refresh_person(session, None, person) for person in found)
        is_last = start + BATCH >= len(waiting)
        _note(session, found, horizon if is_last else None)
        yield Outcome(len(found), written)


def _note(session: Session, found: Sequence[Person], seen_xid: int | None) -> None:
    on, declared = next_change(definitions(), clock.today()), declared_hash()
    rows = [{"patient_id": person.patient.id, "next_on": on, "declared": declared} for person in found]
    if rows:
        statement = insert(PlanReview).values(rows)
        update = {"next_on": statement.excluded.next_on, "declared": statement.excluded.declared}
        session.execute(statement.on_conflict_do_update(index_elements=["patient_id"], set_=update))
    if seen_xid is not None and rows:
        session.execute(
            text("update episodes.plan_review set seen_xid = :xid where patient_id = :id"),
            {"xid": seen_xid, "id": rows[-1]["patient_id"]},
        )


def _refresh_person(session: Session, actor: Actor | None, person: Person) -> int:
    if person.patient.sex is None:
        return 0
    # Two visits recorded at one moment must not both find the step missing.
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 1))"), {"name": f"{person.patient.id}"})
    rows = {step.id: step for step in person.steps}
    written = 0
    for activity in evaluate(definitions(), person.history, clock.today()):
        row = rows.get(activity.row)
        if row is None and activity.status == "open":
            _open(session, actor, person, activity)
        elif row is not None and activity.status in ("done", "removed"):
            _close(session, actor, row, activity)
        else:
            continue
        written += 1
    return written


def _open(session: Session, actor: Actor | None, person: Person, activity: Activity) -> None:
    """Plan a step, or plan again what a rule had cancelled."""
    cancelled = next((step for step in person.steps if _is_same(step, activity)), None)
    if cancelled is not None:
        before = audit.snapshot(cancelled)
        cancelled.status, cancelled.cancel_reason, cancelled.planned_date = "planned", None, activity.planned
        _write(session, actor, cancelled, before)
        return
    card = session.get(EpisodeOfCare, activity.group) if activity.definition.card else None
    place = card or current_attachment(session, person.records)
    if place is None:
        return
    # Steps counted from the card were due since it was opened; all others are news of today.
    counted_from = card if activity.definition.schedule == "weeks" else None
    now = clock.now()
    step = CarePlanActivity(
        patient_id=card.patient_id if card else person.patient.id,
        organization_id=place.organization_id,
        practitioner_id=card.practitioner_id if card else None,
        episode_id=card.id if card else None,
        programme=activity.definition.programme,
        step=activity.step,
        plan_year=activity.year,
        planned_date=activity.planned,
        site_id=place.site_id,
        event_at=counted_from.event_at if counted_from else now,
        known_at=counted_from.known_at if counted_from else now,
        recorded_by=actor.login if actor else audit.SYSTEM,
    )
    session.add(step)
    _write(session, actor, step, None)


def _is_same(step: CarePlanActivity, activity: Activity) -> bool:
    return (
        step.status == "cancelled"
        and step.cancel_reason in BY_RULE
        and (step.programme, step.step) == (activity.definition.programme, activity.step)
        and (step.episode_id or step.plan_year or 0) == activity.group
    )


def _close(session: Session, actor: Actor | None, step: CarePlanActivity, activity: Activity) -> None:
    before = audit.snapshot(step)
    if activity.status == "removed":
        step.status, step.cancel_reason = "cancelled", activity.removed_because
    else:
        step.status = "done"
        visit = session.get(Encounter, activity.closed_by.ref) if activity.closed_by else None
        if visit is not None:
            step.encounter_id, step.evidence = visit.id, visit.evidence
    _write(session, actor, step, before)


def _write(session: Session, actor: Actor | None, step: CarePlanActivity, before: dict[str, object] | None) -> None:
    session.flush()
    audit.changed(
        session,
        actor,
        entity="episodes.care_plan_activity",
        entity_id=step.id,
        patient_id=step.patient_id,
        before=before,
        after=audit.snapshot(step),
        rule="care plan",
    )
