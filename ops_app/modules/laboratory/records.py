"""Results that are no single value: a medical record written with a form and its templates, and a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.answers import Checked, check
from ops_app.mechanisms.questionnaire.loading import DefinitionError, read
from ops_app.modules.laboratory import queries
from ops_app.modules.laboratory.models import LabOrder, OrderService, Parameter, Result, ResultFile
from ops_app.modules.laboratory.pictures import Unreadable, opened
from ops_app.modules.laboratory.results import READY, locked_line, may_enter, put, settle
from ops_app.modules.laboratory.values import Value
from ops_app.modules.patients.models import Patient
from ops_app.modules.questionnaires.catalogue import Version, stored
from ops_app.modules.questionnaires.codes import with_codes
from ops_app.modules.questionnaires.keeping import SIGNATURES
from ops_app.modules.questionnaires.service import person_facts
from ops_app.modules.questionnaires.words import in_words

FOLDER = Path(__file__).parents[2] / "content" / "laboratory" / "records"
MOST_MB = 10
LONGEST = 8000


@lru_cache(maxsize=1)
def forms() -> dict[str, Version]:
    """The forms of medical records by their id; a wrong one stops the start."""
    found: dict[str, Version] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        try:
            form = read(text)
        except DefinitionError as error:
            raise RuntimeError(f"{file.name}: {error}") from error
        if form.definition.id != file.stem:
            raise RuntimeError(f"{file.name} calls itself {form.definition.id}")
        found[file.stem] = Version(text, form, is_shipped=True)
    return found


def place_of_result(
    session: Session, order_service_id: int, parameter_id: int, kind: str
) -> tuple[LabOrder, Parameter]:
    """The order and the parameter of this kind a result is to stand at."""
    line = queries.order_service_or_404(session, order_service_id)
    for parameter, _place in queries.parameters_of(session, line.service_id):
        if parameter.id == parameter_id and parameter.kind == kind:
            return queries.order_or_404(session, line.order_id), parameter
    raise NotFound(_("There is no such parameter"))


def form_of(parameter: Parameter) -> Version:
    """The form a medical record is written with."""
    found = forms().get(parameter.questionnaire or "")
    if found is None:
        raise NotFound(_("There is no such form"))
    return found


def write_record(
    session: Session, actor: Actor, order_service_id: int, parameter_id: int, answers: Mapping[str, Any]
) -> Checked:
    """Store a medical record as a result that is not confirmed yet; what is wrong with it comes back."""
    order, line, parameter = _ready(session, actor, order_service_id, parameter_id, "record")
    form = form_of(parameter)
    patient = session.get_one(Patient, order.patient_id)
    given = with_codes(session, form.compiled, answers, clock.today())
    checked = check(form.compiled, given, person_facts(patient, clock.today()))
    if checked.errors:
        return checked
    words = in_words(form.compiled, checked.answers, checked.outcome)
    text = "\n".join(f"{label}: {told}" for label, told in words)
    if len(text) > LONGEST:
        raise Conflict(_("Too long: at most %(n)s characters", n=LONGEST))
    put(
        session,
        actor,
        order,
        line,
        parameter,
        Value(text=text),
        source="manual",
        answers=checked.answers,
        questionnaire_version_id=stored(session, form).id,
    )
    settle(session, actor, order, line)
    return checked


def attach_image(
    session: Session, actor: Actor, order_service_id: int, parameter_id: int, title: str | None, content: bytes
) -> Result:
    """Store a picture as the result of a parameter of that type; another one takes its place until confirmed."""
    order, line, parameter = _ready(session, actor, order_service_id, parameter_id, "image")
    if not content:
        raise Invalid(_("Choose a file"), field="file")
    if len(content) > MOST_MB * 1024 * 1024:
        raise Invalid(_("The file is larger than %(n)s MB", n=MOST_MB), field="file")
    kind = next((kind for start, kind in SIGNATURES if content.startswith(start)), None)
    if kind is None or not kind.startswith("image/"):
        raise Invalid(_("Only JPEG and PNG are taken"), field="file")
    try:
        opened(content)
    except Unreadable:
        raise Invalid(
            _("The picture is damaged or too large: save it anew, for example as JPEG"), field="file"
        ) from None
    file = ResultFile(
        content_type=kind,
        title=title,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        recorded_by=actor.login,
    )
    session.add(file)
    session.flush()
    row = put(session, actor, order, line, parameter, Value(text=title), source="manual", file_id=file.id)
    settle(session, actor, order, line)
    return row


def _ready(
    session: Session, actor: Actor, order_service_id: int, parameter_id: int, kind: str
) -> tuple[LabOrder, OrderService, Parameter]:
    _order, parameter = place_of_result(session, order_service_id, parameter_id, kind)
    line, order = locked_line(session, order_service_id)
    if not may_enter(actor, order):
        raise Forbidden(_("This order belongs to another laboratory"))
    if line.status not in (*READY, "confirmed"):
        raise Conflict(_("The material of this test was not accepted yet"))
    return order, line, parameter
