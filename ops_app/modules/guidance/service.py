"""Every write: protocols with their versions, conditions of services with their days."""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.classifiers.queries import concept
from ops_app.modules.guidance import queries
from ops_app.modules.guidance.forms import ProtocolForm, RuleForm, split_codes
from ops_app.modules.guidance.models import Protocol, ServiceRule

LARGEST_MB = 20


def add_protocol(session: Session, actor: Actor, form: ProtocolForm, name: str, content: bytes) -> Protocol:
    """Enter a protocol, or a newer version that replaces the one in force."""
    if len(content) > LARGEST_MB * 2**20:
        raise Invalid(_("The file is larger than %(n)s MB", n=LARGEST_MB), field="file")
    if content and not content.startswith(b"%PDF-"):
        raise Invalid(_("Only PDF is taken"), field="file")
    if not content and not form.url:
        raise Invalid(_("Give the file of the protocol or its address"), field="file")
    known = queries.versions(session, form.code)
    if any(row.version == form.version for row in known):
        raise Invalid(_("This version is entered already"), field="version")
    if known and form.approved_on < known[0].approved_on:
        raise Invalid(
            _("The version in force was approved on %(day)s", day=show_date(known[0].approved_on)), field="approved_on"
        )
    session.execute(
        update(Protocol)
        .where(Protocol.code == form.code, Protocol.replaced_at.is_(None))
        .values(replaced_at=clock.now())
    )
    row = Protocol(
        **form.model_dump(exclude={"icd10"}),
        icd10=split_codes(form.icd10),
        file_name=name if content else None,
        sha256=hashlib.sha256(content).hexdigest() if content else None,
        content=content or None,
        recorded_by=actor.login,
    )
    session.add(row)
    session.flush()
    after = {"code": row.code, "version": row.version, "icd10": row.icd10, "source": row.source, "sha256": row.sha256}
    audit.changed(session, actor, entity="guidance.protocol", entity_id=row.id, after=after)
    return row


def withdraw_protocol(session: Session, actor: Actor, protocol_id: int) -> Protocol:
    """Let a protocol count no more; it stays readable."""
    row = queries.protocol_or_404(session, protocol_id)
    if row.replaced_at is not None:
        raise Conflict(_("This protocol is not in force"))
    row.replaced_at = clock.now()
    session.flush()
    before, after = {"replaced_at": None}, {"replaced_at": row.replaced_at}
    audit.changed(session, actor, entity="guidance.protocol", entity_id=row.id, before=before, after=after)
    return row


def add_rule(session: Session, actor: Actor, form: RuleForm) -> ServiceRule:
    """Enter a condition of a service."""
    if concept(session, "service", form.service_code) is None:
        raise Invalid(_("There is no service with this code"), field="service_code")
    row = ServiceRule(**form.model_dump(exclude={"icd10"}), icd10=split_codes(form.icd10), recorded_by=actor.login)
    session.add(row)
    session.flush()
    audit.changed(session, actor, entity="guidance.service_rule", entity_id=row.id, after=audit.snapshot(row))
    return row


def close_rule(session: Session, actor: Actor, rule_id: int, effective_to: dt.date) -> ServiceRule:
    """Let a condition count no more from a day on."""
    row = session.scalar(select(ServiceRule).where(ServiceRule.id == rule_id).with_for_update())
    if row is None:
        row = queries.rule_or_404(session, rule_id)
    if row.effective_to is not None:
        raise Conflict(_("This condition is closed already"))
    if effective_to <= row.effective_from:
        raise Invalid(_("It counts from %(day)s only", day=show_date(row.effective_from)), field="effective_to")
    row.effective_to = effective_to
    session.flush()
    before, after = {"effective_to": None}, {"effective_to": effective_to}
    audit.changed(session, actor, entity="guidance.service_rule", entity_id=row.id, before=before, after=after)
    return row
