"""What the pages of forms are drawn from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from ops_app.kit.dates import show_moment
from ops_app.mechanisms.questionnaire import body, coding, signing
from ops_app.mechanisms.questionnaire.answers import field_name, shown
from ops_app.mechanisms.questionnaire.browser import browser_model
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import Questionnaire
from ops_app.mechanisms.questionnaire.evaluation import Value
from ops_app.mechanisms.questionnaire.scoring import Outcome, outcome, table_rows
from ops_app.modules.organizations.queries import practitioner_names
from ops_app.modules.questionnaires import queries
from ops_app.modules.questionnaires.catalogue import compiled_of
from ops_app.modules.questionnaires.models import Attachment, QuestionnaireResponse
from ops_app.modules.visits.vitals import show_unit


@dataclass(frozen=True)
class Sheet:
    """A form with its answers, for the macros that draw it."""

    compiled: Compiled
    answers: Mapping[str, Any]
    result: Outcome
    person: Mapping[str, Value]
    errors: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, list[Attachment]] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where a value came from, by item."""
    response_id: int | None = None

    @property
    def definition(self) -> Questionnaire:
        """What it declares."""
        return self.compiled.definition

    # The macros ask these, so that a template holds no rule of its own.
    name = staticmethod(field_name)
    text = staticmethod(shown)
    code = staticmethod(coding.code_of)
    rows = staticmethod(table_rows)
    unit = staticmethod(show_unit)
    place = staticmethod(body.place_name)
    regions = body.REGIONS
    signers = signing.SIGNERS
    strokes = staticmethod(signing.path)
    is_signed = staticmethod(signing.is_given)

    @staticmethod
    def moment(written: object) -> str:
        """A stored moment as people read it."""
        return show_moment(dt.datetime.fromisoformat(written)) if isinstance(written, str) else ""

    def model(self) -> Markup:
        """The definition for the browser, inside a script element that is data."""
        told = browser_model(self.compiled) | {"person": dict(self.person)}
        # "</script>" in a label must not end the element.
        return Markup(json.dumps(told, ensure_ascii=False).replace("<", "\\u003c"))  # noqa: S704

    def readings(self) -> list[str]:
        """What the score means."""
        return [f"{band.scheme}: {band.label}" if band.scheme else str(band.label) for band in self.result.bands]

    def score_text(self) -> str:
        """The score with its unit and greatest value."""
        score = self.definition.score
        if score is None or self.result.score is None:
            return ""
        text = f"{self.result.score:.{score.decimals}f}".replace(".", ",")
        return f"{text} {show_unit(score.unit)}".strip()


def sheet_of(
    session: Session,
    response: QuestionnaireResponse,
    person: Mapping[str, Value],
    *,
    answers: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Sheet:
    """The sheet of a stored response, or of what was just posted to it."""
    compiled = compiled_of(queries.version_of(session, response))
    answers = response.answers if answers is None else answers
    references = response.observations
    rows = queries.observations_by_id(session, (int(known["id"]) for known in references.values()))
    origins = {
        item: show_moment(rows[int(known["id"])].event_at)
        for item, known in references.items()
        if int(known["id"]) in rows and not known["written"] and answers.get(item) == known["value"]
    }
    return Sheet(
        compiled,
        answers,
        outcome(compiled, answers, person),
        person,
        errors or {},
        queries.files_of(session, response.id),
        origins,
        response.id,
    )


def empty_sheet(
    compiled: Compiled, answers: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
) -> Sheet:
    """A form without a person: a template, a preview."""
    answers = answers or {}
    return Sheet(compiled, answers, outcome(compiled, answers, {}), {}, errors or {})


def authors(session: Session, responses: list[QuestionnaireResponse]) -> dict[int, str]:
    """Names of those who filled in."""
    return practitioner_names(session, [response.practitioner_id for response in responses])


@dataclass(frozen=True)
class Chart:
    """A line of scores: places in a drawing of 600 × 160."""

    points: list[tuple[float, float, str]]
    lowest: str
    highest: str


def chart(responses: list[QuestionnaireResponse], sheets: list[Sheet]) -> Chart:
    """Scores over time, between the least and the greatest the scale knows."""
    scores = [response.score or 0.0 for response in responses]
    declared = sheets[-1].definition.score
    low = min([*scores, declared.min if declared and declared.min is not None else scores[0]])
    high = max([*scores, declared.max if declared and declared.max is not None else scores[0]])
    start, end = responses[0].event_at, responses[-1].event_at
    span = (end - start).total_seconds()
    points = [
        (
            round(20 + 560 * ((response.event_at - start).total_seconds() / span if span else 0.5), 1),
            round(140 - 120 * ((score - low) / (high - low) if high > low else 0.5), 1),
            f"{show_moment(response.event_at)}: {sheet.score_text()}",
        )
        for response, score, sheet in zip(responses, scores, sheets, strict=True)
    ]
    return Chart(points, f"{low:g}".replace(".", ","), f"{high:g}".replace(".", ","))
