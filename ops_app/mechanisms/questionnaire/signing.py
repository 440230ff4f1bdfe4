"""A signature in a form: drawn on the screen or given on paper, bound to the answers it was given for."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from ops_app.i18n import N_
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import SignatureItem
from ops_app.mechanisms.questionnaire.evaluation import Value
from ops_app.mechanisms.questionnaire.scoring import Answer, outcome

WIDTH, HEIGHT = 600, 200
"""The field that is drawn in; strokes keep whole numbers of it."""
FEWEST_POINTS = 8
"""A dot or a slip of the finger is no signature."""

SIGNERS = {
    "patient": N_("the patient"),
    "representative": N_("the representative"),
    "staff": N_("the member of staff"),
    "witness": N_("the witness"),
}

_STROKE = r"\d{1,3},\d{1,3}(?: \d{1,3},\d{1,3})*"
_STROKES = re.compile(rf"{_STROKE}(?:;{_STROKE})*")


def is_given(answer: Answer) -> bool:
    """Whether somebody signed; a name alone is no signature."""
    return isinstance(answer, dict) and bool(answer.get("strokes") or answer.get("paper"))


def is_drawn_right(strokes: object) -> bool:
    """Whether strokes are places inside the field, and more than a dot."""
    if not isinstance(strokes, str) or _STROKES.fullmatch(strokes) is None:
        return False
    points = [tuple(int(part) for part in point.split(",")) for point in re.split(r"[ ;]", strokes)]
    return len(points) >= FEWEST_POINTS and all(x <= WIDTH and y <= HEIGHT for x, y in points)


def path(strokes: object) -> str:
    """The strokes as the path of a drawing."""
    if not isinstance(strokes, str) or _STROKES.fullmatch(strokes) is None:
        return ""
    return "".join("M" + "L".join(stroke.split(" ")) for stroke in strokes.split(";"))


def picture(strokes: object) -> str:
    """The strokes as a file of their own."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<path d="{path(strokes)}" fill="none" stroke="#000" stroke-width="2"/></svg>'
    )


def digest(compiled: Compiled, answers: Mapping[str, Answer], person: Mapping[str, Value]) -> str:
    """The hash of what somebody signs: the version of the form and every shown answer but the signatures."""
    shown = outcome(compiled, answers, person).visible
    signatures = {item.id for item in compiled.definition.items if isinstance(item, SignatureItem)}
    said = {
        name: _plain(answer)
        for name, answer in answers.items()
        if name in shown and name not in signatures and answer not in (None, "", [], {})
    }
    told = [compiled.definition.id, compiled.definition.version, said]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _plain(answer: Any) -> Any:
    """The same text for 70 and 70.0, whether it was typed or stored."""
    if isinstance(answer, dict):
        return {name: _plain(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_plain(value) for value in answer]
    return float(answer) if isinstance(answer, int) and not isinstance(answer, bool) else answer


def bound(
    compiled: Compiled,
    answers: Mapping[str, Answer],
    before: Mapping[str, Answer],
    person: Mapping[str, Value],
    now: dt.datetime,
) -> dict[str, Answer]:
    """The answers with each new signature bound to them; one that was there keeps what it was given for."""
    sealed = digest(compiled, answers, person)
    result = dict(answers)
    for item in compiled.definition.items:
        given: Any = answers.get(item.id)
        if not isinstance(item, SignatureItem) or not is_given(given):
            continue
        known: Any = before.get(item.id)
        drawn = given.get("strokes")
        if drawn and is_given(known) and known.get("strokes") == drawn and known.get("sealed"):
            result[item.id] = {**given, "at": known["at"], "sealed": known["sealed"]}
        else:
            result[item.id] = {**given, "at": now.isoformat(), "sealed": sealed}
    return result


def without_signatures(compiled: Compiled, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Answers that may begin another form: nobody signs in advance."""
    signatures = {item.id for item in compiled.definition.items if isinstance(item, SignatureItem)}
    return {name: answer for name, answer in answers.items() if name not in signatures}
