"""Every SELECT about register cards and planned steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.episodes.models import CarePlanActivity, EpisodeOfCare


def episode_or_404(session: Session, episode_id: int) -> EpisodeOfCare:
    """A register card."""
    episode = session.get(EpisodeOfCare, episode_id)
    if episode is None:
        raise NotFound(_("There is no such register card"))
    return episode


def locked_episode(session: Session, episode_id: int) -> EpisodeOfCare:
    """A register card that nobody else may change until the commit."""
    episode = session.scalar(
        select(EpisodeOfCare)
        .where(EpisodeOfCare.id == episode_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return episode or episode_or_404(session, episode_id)


def open_pregnancy(session: Session, records: Sequence[int]) -> EpisodeOfCare | None:
    """The open pregnancy card."""
    return session.scalar(
        select(EpisodeOfCare)
        .where(
            EpisodeOfCare.patient_id.in_(records),
            EpisodeOfCare.kind == "pregnancy",
            EpisodeOfCare.status == "active",
            EpisodeOfCare.entered_in_error_at.is_(None),
        )
        .order_by(EpisodeOfCare.event_at.desc())
        .limit(1)
    )


def pregnancy_at(session: Session, records: Sequence[int], at: dt.datetime) -> EpisodeOfCare | None:
    """The pregnancy a woman was in at a moment: from the first day of its count, before she came to be registered."""
    begun = func.coalesce(EpisodeOfCare.lmp_date <= clock.local(at).date(), EpisodeOfCare.event_at <= at)
    ended = func.coalesce(EpisodeOfCare.outcome_at, EpisodeOfCare.end_at)
    return session.scalar(
        select(EpisodeOfCare)
        .where(
            EpisodeOfCare.patient_id.in_(records),
            EpisodeOfCare.kind == "pregnancy",
            EpisodeOfCare.status != "cancelled",
            EpisodeOfCare.entered_in_error_at.is_(None),
            begun,
            ended.is_(None) | (ended > at),
        )
        .order_by(EpisodeOfCare.event_at.desc())
        .limit(1)
    )


def open_dispensary(session: Session, records: Sequence[int]) -> Sequence[EpisodeOfCare]:
    """Open dispensary cards."""
    return session.scalars(
        select(EpisodeOfCare)
        .where(
            EpisodeOfCare.patient_id.in_(records),
            EpisodeOfCare.kind == "dispensary",
            EpisodeOfCare.status == "active",
            EpisodeOfCare.entered_in_error_at.is_(None),
        )
        .order_by(EpisodeOfCare.icd10, EpisodeOfCare.id)
    ).all()


def cards_of(session: Session, records: Sequence[int]) -> Sequence[EpisodeOfCare]:
    """Every card of a person, the open ones first."""
    return session.scalars(
        select(EpisodeOfCare)
        .where(EpisodeOfCare.patient_id.in_(records), EpisodeOfCare.entered_in_error_at.is_(None))
        .order_by(EpisodeOfCare.status, EpisodeOfCare.event_at.desc(), EpisodeOfCare.id.desc())
    ).all()


def steps_of(session: Session, episode_id: int) -> Sequence[CarePlanActivity]:
    """All steps of a card by planned date."""
    return session.scalars(
        select(CarePlanActivity)
        .where(CarePlanActivity.episode_id == episode_id, CarePlanActivity.entered_in_error_at.is_(None))
        .order_by(CarePlanActivity.planned_date, CarePlanActivity.id)
    ).all()


def waiting_steps(session: Session, episode_id: int) -> Sequence[CarePlanActivity]:
    """Steps of a card that wait, earliest first, locked."""
    return session.scalars(
        select(CarePlanActivity)
        .where(
            CarePlanActivity.episode_id == episode_id,
            CarePlanActivity.status == "planned",
            CarePlanActivity.entered_in_error_at.is_(None),
        )
        .order_by(CarePlanActivity.planned_date, CarePlanActivity.id)
        .with_for_update()
    ).all()


def listed_for_screening(
    session: Session, records: Sequence[int], programme: str, year: int
) -> Sequence[CarePlanActivity]:
    """The person's place on the screening list of a year, locked."""
    return session.scalars(
        select(CarePlanActivity)
        .where(
            CarePlanActivity.patient_id.in_(records),
            CarePlanActivity.programme == programme,
            CarePlanActivity.plan_year == year,
            CarePlanActivity.status == "planned",
            CarePlanActivity.entered_in_error_at.is_(None),
        )
        .with_for_update()
    ).all()


def steps_closed_outside_visits(session: Session, patient_id: int, programme: str) -> Sequence[CarePlanActivity]:
    """Steps of this year that something else than a visit completed."""
    return session.scalars(
        select(CarePlanActivity).where(
            CarePlanActivity.patient_id == patient_id,
            CarePlanActivity.programme == programme,
            CarePlanActivity.plan_year == clock.today().year,
            CarePlanActivity.status == "done",
            CarePlanActivity.encounter_id.is_(None),
        )
    ).all()


def steps_closed_by(session: Session, encounter_id: int) -> Sequence[CarePlanActivity]:
    """Steps that a visit completed."""
    return session.scalars(
        select(CarePlanActivity).where(CarePlanActivity.encounter_id == encounter_id, CarePlanActivity.status == "done")
    ).all()
