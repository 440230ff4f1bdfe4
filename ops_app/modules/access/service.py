"""Writing cells of the permission map and of the circles of closed topics."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Forbidden, Invalid
from ops_app.i18n import _
from ops_app.modules.access.forms import CardRuleForm, TopicCircleForm
from ops_app.modules.access.models import CardRule, TopicCircle
from ops_app.modules.accounts.models import StoredRole
from ops_app.permissions import Permission

Cell = TypeVar("Cell", CardRule, TopicCircle)


def set_card_rule(session: Session, actor: Actor, form: CardRuleForm) -> CardRule:
    """Let a role open cards by a rule at a node and below, or not."""
    _check_place(actor, form.organization_id)
    if session.get(StoredRole, form.role) is None:
        raise Invalid(_("There is no such role"), field="role")
    cell = session.scalar(
        select(CardRule).where(
            CardRule.organization_id == form.organization_id,
            CardRule.role == form.role,
            CardRule.rule == form.rule,
        )
    )
    new = CardRule(organization_id=form.organization_id, role=form.role, rule=form.rule)
    return _store(session, actor, cell, new, form.answer == "yes", "access.card_rule")


def set_topic_circle(session: Session, actor: Actor, form: TopicCircleForm) -> TopicCircle:
    """Count a position at a node and below among those who treat a closed topic, or not."""
    _check_place(actor, form.organization_id)
    cell = session.scalar(
        select(TopicCircle).where(
            TopicCircle.organization_id == form.organization_id,
            TopicCircle.topic == form.topic,
            TopicCircle.position.is_not_distinct_from(form.position),
        )
    )
    new = TopicCircle(organization_id=form.organization_id, topic=form.topic, position=form.position)
    return _store(session, actor, cell, new, form.answer == "yes", "access.topic_circle")


def _check_place(actor: Actor, organization_id: int) -> None:
    if not actor.scope(Permission.ACCESS_MAP_MANAGE).allows(organization_id):
        raise Forbidden(_("This organisation is not yours to administer"), field="organization_id")


def _store(session: Session, actor: Actor, cell: Cell | None, new: Cell, is_allowed: bool, entity: str) -> Cell:
    before = audit.snapshot(cell) if cell is not None else None
    if cell is None:
        cell = new
        session.add(cell)
    cell.is_allowed, cell.set_by = is_allowed, actor.login
    session.flush()
    audit.changed(session, actor, entity=entity, entity_id=cell.id, before=before, after=audit.snapshot(cell))
    return cell
