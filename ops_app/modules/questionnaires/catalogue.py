"""Which definition is in force: the shipped files and the versions of the administrators together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import Questionnaire
from ops_app.mechanisms.questionnaire.loading import content_hash, read, shipped
from ops_app.modules.questionnaires.models import QuestionnaireSwitch, QuestionnaireVersion


@dataclass(frozen=True)
class Version:
    """One version of a definition."""

    text: str
    compiled: Compiled
    is_shipped: bool
    created_by: str | None = None
    created_at: dt.datetime | None = None

    @property
    def definition(self) -> Questionnaire:
        """What it declares."""
        return self.compiled.definition


@dataclass(frozen=True)
class Offered:
    """The version in force on a day, and whether it may be filled in."""

    version: Version
    is_on: bool

    @property
    def definition(self) -> Questionnaire:
        """What it declares."""
        return self.version.definition

    @property
    def why_off(self) -> str | None:
        """Why it cannot be filled in; None when it can."""
        if self.definition.status != "full":
            return str(self.definition.why_off)
        return None if self.is_on else _("switched off by the administrator")


def _shipped_versions() -> Iterator[tuple[str, Version]]:
    for key, form in shipped().items():
        yield key, Version(form.text, form.compiled, is_shipped=True)


def versions(session: Session, key: str | None = None) -> dict[str, list[Version]]:
    """All versions by definition, the oldest first."""
    found: dict[str, list[Version]] = {}
    for name, version in _shipped_versions():
        if key in (None, name):
            found.setdefault(name, []).append(version)
    statement = select(QuestionnaireVersion).where(QuestionnaireVersion.is_shipped.is_(False))
    if key is not None:
        statement = statement.where(QuestionnaireVersion.key == key)
    for row in session.scalars(statement):
        entered = Version(row.content, read(row.content), False, row.created_by, row.recorded_at)
        found.setdefault(row.key, []).append(entered)
    for listed in found.values():
        listed.sort(key=lambda version: (version.definition.effective_from, version.definition.version))
    return found


def offered(session: Session, on: dt.date | None = None) -> dict[str, Offered]:
    """Each definition with the version in force on a day; one that begins later is not there yet."""
    on = on or clock.today()
    switches = {row.key: row.is_on for row in session.scalars(select(QuestionnaireSwitch))}
    found: dict[str, Offered] = {}
    for key, listed in versions(session).items():
        in_force = [version for version in listed if version.definition.effective_from <= on]
        if in_force:
            version = in_force[-1]
            found[key] = Offered(version, switches.get(key, True) and version.definition.status == "full")
    return found


def offered_or_404(session: Session, key: str) -> Offered:
    """The version of a definition that is in force today."""
    found = offered(session).get(key)
    if found is None:
        raise NotFound(_("There is no such form"))
    return found


def stored(session: Session, version: Version) -> QuestionnaireVersion:
    """The row of a version; a shipped one is written when it is first used."""
    key, digest = version.definition.id, content_hash(version.text)
    statement = select(QuestionnaireVersion).where(
        QuestionnaireVersion.key == key, QuestionnaireVersion.content_hash == digest
    )
    row = session.scalar(statement)
    if row is None:
        row = QuestionnaireVersion(
            key=key,
            version=version.definition.version,
            effective_from=version.definition.effective_from,
            content=version.text,
            content_hash=digest,
            is_shipped=version.is_shipped,
            created_by=version.created_by,
        )
        session.add(row)
        session.flush()
    return row


def compiled_of(row: QuestionnaireVersion) -> Compiled:
    """The definition of a stored version."""
    return read(row.content)
