"""Tables of schema ``access``: cells of the permission map and of the circles of closed topics that differ."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, one_of
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported
from ops_app.modules.organizations.models import POSITIONS
from ops_app.modules.patients.access import MAPPED


class CardRule(Row, Base):
    """At this node and below, a role may or may not open cards by a rule."""

    __tablename__ = "card_rule"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    role: Mapped[str] = mapped_column(info=PLAIN)
    rule: Mapped[str] = mapped_column(info=PLAIN)
    is_allowed: Mapped[bool] = mapped_column(info=PLAIN)
    set_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("rule", MAPPED),
        Index("uq_card_rule_cell", "organization_id", "role", "rule", unique=True),
        {"schema": "access", "info": exported(Subject.WITHHELD)},
    )


class TopicCircle(Row, Base):
    """At this node and below, a position (or everybody with a position there) does or does not treat a closed topic."""

    __tablename__ = "topic_circle"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    topic: Mapped[str] = mapped_column(info=PLAIN)
    position: Mapped[str | None] = mapped_column(info=PLAIN)
    is_allowed: Mapped[bool] = mapped_column(info=PLAIN)
    set_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("position", POSITIONS),
        Index(
            "uq_topic_circle_cell",
            "organization_id",
            "topic",
            text("coalesce(position, '')"),
            unique=True,
        ),
        {"schema": "access", "info": exported(Subject.WITHHELD)},
    )
