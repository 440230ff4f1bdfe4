"""Every SELECT about responses, their files and templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.organizations.queries import workplace
from ops_app.modules.questionnaires.models import (
    AnswerTemplate,
    Attachment,
    QuestionnaireResponse,
    QuestionnaireVersion,
    ResponseRevision,
)
from ops_app.modules.visits.models import Observation


def response_or_404(session: Session, response_id: int) -> QuestionnaireResponse:
    """A response."""
    row = session.get(QuestionnaireResponse, response_id)
    if row is None:
        raise NotFound(_("There is no such form"))
    return row


def locked_response(session: Session, response_id: int) -> QuestionnaireResponse:
    """A response that nobody else may change until the commit."""
    row = session.get(QuestionnaireResponse, response_id, with_for_update=True, populate_existing=True)
    return row or response_or_404(session, response_id)


def version_of(session: Session, response: QuestionnaireResponse) -> QuestionnaireVersion:
    """The version a response was filled in with."""
    row = session.get(QuestionnaireVersion, response.version_id)
    assert row is not None
    return row


def responses_of(
    session: Session, records: Sequence[int], *, key: str | None = None, encounter_id: int | None = None
) -> Sequence[QuestionnaireResponse]:
    """Responses of a person, newest first; discarded drafts are nowhere shown."""
    statement = select(QuestionnaireResponse).where(
        QuestionnaireResponse.patient_id.in_(records), QuestionnaireResponse.status != "discarded"
    )
    if key is not None:
        statement = statement.where(QuestionnaireResponse.key == key)
    if encounter_id is not None:
        statement = statement.where(QuestionnaireResponse.encounter_id == encounter_id)
    ordered = statement.order_by(QuestionnaireResponse.event_at.desc(), QuestionnaireResponse.id.desc())
    return session.scalars(ordered.limit(200)).all()


def scored(session: Session, records: Sequence[int], key: str) -> Sequence[QuestionnaireResponse]:
    """Completed responses of a scale in the order of time."""
    return session.scalars(
        select(QuestionnaireResponse)
        .where(
            QuestionnaireResponse.patient_id.in_(records),
            QuestionnaireResponse.key == key,
            QuestionnaireResponse.status.in_(("completed", "amended")),
            QuestionnaireResponse.entered_in_error_at.is_(None),
            QuestionnaireResponse.score.is_not(None),
        )
        .order_by(QuestionnaireResponse.event_at, QuestionnaireResponse.id)
        .limit(500)
    ).all()


def own_draft(
    session: Session, actor: Actor, records: Sequence[int], key: str, encounter_id: int | None
) -> QuestionnaireResponse | None:
    """What the actor has begun for this person and not finished."""
    return session.scalar(
        select(QuestionnaireResponse)
        .where(
            QuestionnaireResponse.patient_id.in_(records),
            QuestionnaireResponse.key == key,
            QuestionnaireResponse.status == "in_progress",
            QuestionnaireResponse.recorded_by == actor.login,
            QuestionnaireResponse.encounter_id == encounter_id
            if encounter_id is not None
            else QuestionnaireResponse.encounter_id.is_(None),
        )
        .order_by(QuestionnaireResponse.id.desc())
        .limit(1)
    )


def revisions_of(session: Session, response_id: int) -> Sequence[ResponseRevision]:
    """Former states of a response, newest first."""
    return session.scalars(
        select(ResponseRevision)
        .where(ResponseRevision.response_id == response_id)
        .order_by(ResponseRevision.revision.desc())
    ).all()


def files_of(session: Session, response_id: int) -> dict[str, list[Attachment]]:
    """Files of a response by item, without their content."""
    found: dict[str, list[Attachment]] = {}
    rows = session.scalars(
        select(Attachment)
        .where(Attachment.response_id == response_id, Attachment.removed_at.is_(None))
        .order_by(Attachment.id)
    )
    for row in rows:
        found.setdefault(row.item, []).append(row)
    return found


def file_or_404(session: Session, attachment_id: int, *, removed: bool = False) -> Attachment:
    """A file of a form; ``removed``: one that was taken away again."""
    row = session.get(Attachment, attachment_id)
    if row is None or (row.removed_at is not None) != removed:
        raise NotFound(_("There is no such file"))
    return row


def newest_observations(
    session: Session, records: Sequence[int], codes: Iterable[str], until: dt.datetime
) -> dict[str, Observation]:
    """The newest value of each code that was known at a moment."""
    rows = session.scalars(
        select(Observation)
        .distinct(Observation.code)
        .where(
            Observation.patient_id.in_(records),
            Observation.code.in_(list(codes)),
            Observation.value_number.is_not(None),
            Observation.entered_in_error_at.is_(None),
            Observation.status != "cancelled",
            Observation.event_at <= until,
        )
        .order_by(Observation.code, Observation.event_at.desc(), Observation.id.desc())
    )
    return {row.code: row for row in rows}


def observations_by_id(session: Session, ids: Iterable[int]) -> dict[int, Observation]:
    """Observations a response refers to."""
    rows = session.scalars(select(Observation).where(Observation.id.in_(list(ids))))
    return {row.id: row for row in rows}


def templates_for(
    session: Session, actor: Actor, key: str | None = None, *, removed: bool = False
) -> Sequence[AnswerTemplate]:
    """Templates of the actor, those of colleagues in his organisation, and those of the system; or those taken away."""
    place = workplace(session, actor)
    shared_with = [place.organization.id] if place is not None else []
    statement = select(AnswerTemplate).where(
        AnswerTemplate.removed_at.is_not(None) if removed else AnswerTemplate.removed_at.is_(None),
        or_(
            AnswerTemplate.account_id == actor.account_id,
            AnswerTemplate.organization_id.in_(shared_with),
            AnswerTemplate.is_system,
        ),
    )
    if key is not None:
        statement = statement.where(AnswerTemplate.key == key)
    return session.scalars(statement.order_by(AnswerTemplate.key, AnswerTemplate.title, AnswerTemplate.id)).all()


def template_or_404(session: Session, actor: Actor, template_id: int, *, removed: bool = False) -> AnswerTemplate:
    """A template the actor may use; ``removed``: one that was taken away."""
    found = next((row for row in templates_for(session, actor, removed=removed) if row.id == template_id), None)
    if found is None:
        raise NotFound(_("There is no such template"))
    return found


def template_history(session: Session, template: AnswerTemplate) -> Sequence[AnswerTemplate]:
    """Former versions of a template, newest first."""
    found: list[AnswerTemplate] = []
    replaced = template.replaces_id
    while replaced is not None:
        row = session.get_one(AnswerTemplate, replaced)
        found.append(row)
        replaced = row.replaces_id
    return found


def template_of(session: Session, response: QuestionnaireResponse) -> AnswerTemplate | None:
    """The template a response began with, in the version of that day."""
    return session.get(AnswerTemplate, response.template_id) if response.template_id is not None else None
