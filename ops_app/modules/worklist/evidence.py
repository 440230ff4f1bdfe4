"""Evidence of a case as one readable line: codes and dates, never a name."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ops_app.i18n import _
from ops_app.kit.spelling import fold
from ops_app.mechanisms.closed_topics.veil import is_masked
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import paths
from ops_app.modules.patients.models import Patient
from ops_app.modules.worklist.models import Signal
from ops_app.modules.worklist.texts import CODES, EVIDENCE, MET
from ops_app.ui.render import local_name

_ICD10 = ("icd10", "cause_icd10")
_MASK = "•••"


@dataclass(frozen=True)
class Words:
    """Titles of codes and names of places that a page of cases mentions, looked up together."""

    code_titles: dict[tuple[str, str], str]
    places: dict[int, list[Organization]]
    masked: frozenset[str] = frozenset()
    """Codes of closed topics, where the case stands beside a name."""

    @classmethod
    def of(cls, session: Session, cases: Iterable[Signal], *, named: bool = False) -> Words:
        """Look up what these cases mention; ``named`` for pages that show the person."""
        stored = [_parsed(case.evidence) for case in cases]
        codes = [("icd10", str(row[name])) for row in stored for name in _ICD10 if row.get(name)]
        facilities = {int(row["facility"]) for row in stored if isinstance(row.get("facility"), int | float)}
        masked = frozenset(code for _system, code in codes if named and is_masked(session, code))
        return cls(titles(session, codes), paths(session, facilities), masked)

    def facts(self, case: Signal) -> list[tuple[str, str]]:
        """Pairs of (what, value) in the order of reading."""
        stored = _parsed(case.evidence)
        return [
            (_(title), self._shown(name, stored[name]))
            for name, title in EVIDENCE.items()
            if stored.get(name) is not None and not isinstance(stored[name], list | dict)
        ]

    def _shown(self, name: str, value: object) -> str:
        if name in _ICD10 and value in self.masked:
            return _("not shown to you")
        if name in _ICD10:
            return f"{value} {self.code_titles.get(('icd10', str(value)), '')}".strip()
        if name == "facility" and isinstance(value, int | float):
            line = self.places.get(int(value))
            return local_name(line[-1]) if line else str(value)
        text = str(value)
        if text in CODES:
            return _(CODES[text])
        try:
            return dt.date.fromisoformat(text).strftime("%d.%m.%Y") if len(text) == 10 else text
        except ValueError:
            return text


def met(evidence: str) -> list[tuple[str, dt.datetime | None]]:
    """What has been done so far, with its time."""
    done = _parsed(evidence).get("met")
    if not isinstance(done, list):
        return []
    return [
        (_(MET[item["code"]]) if item.get("code") in MET else str(item.get("code", "")), _moment(item.get("at")))
        for item in done
        if isinstance(item, dict)
    ]


def speakable(case_id: str) -> str:
    """Six digits by which two people on the phone know they mean the same case: 482-193."""
    number = int.from_bytes(hashlib.sha256(case_id.encode()).digest()[:8], "big") % 1_000_000
    return f"{number // 1000:03d}-{number % 1000:03d}"


def masked(text: str, patient: Patient | None) -> str:
    """A free text without the person's names and without long numbers, for whoever may not know them."""
    text = re.sub(r"\+?\d[\d\s()-]{8,}\d", _MASK, text)
    if patient is None:
        return text
    names = {name for name in (patient.family_fold, patient.given_fold, patient.patronymic_fold) if name}
    # Grammar changes the end of a name: "Ахметова", "Ахметовой", "Ахметованың".
    stems = {name[: max(4, len(name) - 2)] for name in names}

    def cover(word: re.Match[str]) -> str:
        folded = fold(word.group())
        return _MASK if any(folded.startswith(stem) for stem in stems) else word.group()

    return re.sub(r"[^\W\d_]{3,}", cover, text)


def _parsed(evidence: str) -> dict[str, Any]:
    try:
        stored = json.loads(evidence)
    except ValueError:
        return {}
    return stored if isinstance(stored, dict) else {}


def _moment(value: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(str(value))
    except ValueError:
        return None
