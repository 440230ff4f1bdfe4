"""What is kept around forms: files of a response, templates of a user, versions and switches of definitions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import AttachmentItem
from ops_app.mechanisms.questionnaire.loading import DefinitionError, read
from ops_app.mechanisms.questionnaire.signing import without_signatures
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.questionnaires import queries
from ops_app.modules.questionnaires.catalogue import Version, compiled_of, offered_or_404, stored, versions
from ops_app.modules.questionnaires.codes import refuse_unknown_books
from ops_app.modules.questionnaires.forms import TemplateForm
from ops_app.modules.questionnaires.models import (
    AnswerTemplate,
    Attachment,
    QuestionnaireResponse,
    QuestionnaireSwitch,
    QuestionnaireVersion,
)
from ops_app.modules.questionnaires.service import may_change
from ops_app.permissions import Permission

SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
"""What a file is, by its first bytes: its name may say anything."""


def attach(
    session: Session, actor: Actor, response: QuestionnaireResponse, item_id: str, name: str, content: bytes
) -> Attachment:
    """Store a file of a response."""
    if not may_change(actor, response) or response.status != "in_progress":
        raise Conflict(_("Files are added while the form is being filled in"))
    item = compiled_of(queries.version_of(session, response)).definition.item(item_id)
    if not isinstance(item, AttachmentItem):
        raise Invalid(_("This form takes no files here"))
    if not content:
        raise Invalid(_("Choose a file"), field=item_id)
    if len(content) > item.max_mb * 1024 * 1024:
        raise Invalid(_("The file is larger than %(n)s MB", n=item.max_mb), field=item_id)
    kind = next((kind for start, kind in SIGNATURES if content.startswith(start)), None)
    if kind is None:
        raise Invalid(_("Only PDF, JPEG and PNG are taken"), field=item_id)
    if len(queries.files_of(session, response.id).get(item_id, [])) >= item.max_files:
        raise Invalid(_("At most %(n)s files", n=item.max_files), field=item_id)
    row = Attachment(
        response_id=response.id,
        item=item_id,
        file_name="".join(letter for letter in name.replace("\\", "/").rsplit("/", 1)[-1] if letter.isprintable())[:120]
        or "file",
        content_type=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        recorded_by=actor.login,
    )
    session.add(row)
    session.flush()
    after = {"response_id": response.id, "item": item_id, "size": row.size, "sha256": row.sha256}
    _log(session, actor, "attachment", row.id, response.patient_id, after=after)
    return row


def remove_file(session: Session, actor: Actor, row: Attachment) -> None:
    """Take a file away from a draft; it stays stored."""
    response = queries.locked_response(session, row.response_id)
    if not may_change(actor, response) or response.status != "in_progress":
        raise Conflict(_("The form is completed already"))
    row.removed_at = clock.now()
    session.flush()
    _log(session, actor, "attachment", row.id, response.patient_id, after={"removed_at": row.removed_at})


def restore_file(session: Session, actor: Actor, row: Attachment) -> None:
    """Bring back a file that was taken away from a draft."""
    response = queries.locked_response(session, row.response_id)
    if not may_change(actor, response) or response.status != "in_progress":
        raise Conflict(_("The form is completed already"))
    before = {"removed_at": row.removed_at}
    row.removed_at = None
    session.flush()
    _log(session, actor, "attachment", row.id, response.patient_id, before, {"removed_at": None})


def save_template(
    session: Session,
    actor: Actor,
    key: str,
    form: TemplateForm,
    answers: Mapping[str, Any],
    *,
    template_id: int | None = None,
) -> AnswerTemplate:
    """Keep answers to begin a form with; nobody signs in advance."""
    answers = without_signatures(offered_or_404(session, key).version.compiled, answers)
    return store_template(session, actor, key, form, answers, template_id=template_id)


def store_template(
    session: Session,
    actor: Actor,
    key: str,
    form: TemplateForm,
    answers: Mapping[str, Any],
    *,
    template_id: int | None = None,
) -> AnswerTemplate:
    """The same for a form that another module offers: a template of the system gets a new version, others change."""
    if not answers:
        raise Invalid(_("Fill in at least one field of the template"))
    former = own_template(session, actor, template_id) if template_id is not None else None
    before = audit.snapshot(former) if former is not None else None
    is_system = former.is_system if former is not None else form.is_system
    if is_system and not actor.may(Permission.QUESTIONNAIRES_DEFINITION_MANAGE):
        raise Forbidden(_("Templates for everybody are kept by an administrator"))
    row = former
    if row is None or is_system:
        row = AnswerTemplate(key=key, account_id=actor.account_id, is_system=is_system, version=1)
        if former is not None:
            former.removed_at = clock.now()
            row.version, row.replaces_id = former.version + 1, former.id
        session.add(row)
    row.title, row.answers, row.specialty = form.title, dict(answers), form.specialty
    shared = form.is_shared and not is_system
    row.organization_id = place_of(session, actor).organization.id if shared else None
    session.flush()
    _log(session, actor, "answer_template", row.id, None, before, audit.snapshot(row))
    return row


def own_template(session: Session, actor: Actor, template_id: int, *, removed: bool = False) -> AnswerTemplate:
    """A template the actor may change: his own, or one of the system for an administrator."""
    row = queries.template_or_404(session, actor, template_id, removed=removed)
    may = (
        actor.may(Permission.QUESTIONNAIRES_DEFINITION_MANAGE) if row.is_system else row.account_id == actor.account_id
    )
    if not may:
        raise Forbidden(_("A template is changed by whoever made it"))
    return row


def remove_template(session: Session, actor: Actor, template_id: int) -> None:
    """Take a template away; forms begun with it stay."""
    row = own_template(session, actor, template_id)
    before = audit.snapshot(row)
    row.removed_at = clock.now()
    session.flush()
    _log(session, actor, "answer_template", row.id, None, before, audit.snapshot(row))


def restore_template(session: Session, actor: Actor, template_id: int) -> None:
    """Bring back a template that was taken away."""
    row = own_template(session, actor, template_id, removed=True)
    if session.scalar(select(AnswerTemplate.id).where(AnswerTemplate.replaces_id == row.id)) is not None:
        raise Conflict(_("A newer version of this template is in force"))
    before = audit.snapshot(row)
    row.removed_at = None
    session.flush()
    _log(session, actor, "answer_template", row.id, None, before, audit.snapshot(row))


def checked_definition(session: Session, text: str, key: str | None) -> Compiled:
    """A text that may become the next version of a definition; raises DefinitionError or Invalid."""
    form = read(text)
    refuse_unknown_books(session, form)
    definition = form.definition
    if key is not None and definition.id != key:
        raise Invalid(_("The id stays the same in a new version: %(id)s", id=key))
    known = versions(session, definition.id).get(definition.id, [])
    if key is None and known:
        raise Invalid(_("A form with this id exists already: %(id)s", id=definition.id))
    newest = max((version.definition.version for version in known), default=0)
    if definition.version <= newest:
        raise Invalid(_("The newest version is %(n)s: give this one a greater number", n=newest))
    latest = max((version.definition.effective_from for version in known), default=None)
    if latest is not None and definition.effective_from < latest:
        raise Invalid(_("A new version cannot begin before the last one"))
    if definition.effective_from < clock.today():
        raise Invalid(_("A new version begins today or later: forms filled in before keep their version"))
    return form


def store_version(session: Session, actor: Actor, text: str, key: str | None) -> QuestionnaireVersion:
    """Store a new version of a definition, or a new definition."""
    form = checked_definition(session, text, key)
    row = stored(session, Version(text, form, is_shipped=False, created_by=actor.login))
    after = {"key": row.key, "version": row.version, "effective_from": row.effective_from, "hash": row.content_hash}
    _log(session, actor, "questionnaire_version", row.id, None, after=after)
    return row


def switch(session: Session, actor: Actor, key: str, is_on: bool) -> bool:
    """Let a form be filled in, or not; an incomplete one stays off. Whether it was otherwise before."""
    form = offered_or_404(session, key)
    if is_on and form.definition.status != "full":
        raise Conflict(_("This form cannot be filled in"), advice=str(form.definition.why_off))
    row = session.scalar(select(QuestionnaireSwitch).where(QuestionnaireSwitch.key == key).with_for_update())
    before = {"is_on": row.is_on if row is not None else True}
    if row is None:
        row = QuestionnaireSwitch(key=key, is_on=is_on, changed_by=actor.login)
        session.add(row)
    row.is_on, row.changed_by = is_on, actor.login
    session.flush()
    _log(session, actor, "questionnaire_switch", key, None, before, {"is_on": is_on})
    return before["is_on"] is not is_on


def problems_of(error: DefinitionError | Invalid) -> list[str]:
    """What to show beside the text of a definition."""
    return [str(problem) for problem in error.problems] if isinstance(error, DefinitionError) else [error.message]


def _log(
    session: Session,
    actor: Actor,
    table: str,
    entity_id: object,
    patient_id: int | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.changed(
        session,
        actor,
        entity=f"questionnaires.{table}",
        entity_id=entity_id,
        patient_id=patient_id,
        before=before,
        after=after,
    )
