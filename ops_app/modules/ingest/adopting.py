"""Messages of a sender that somebody registered after they came."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from ops_app.modules.ingest.models import InboundMessage


def adopt(session: Session, channel: str, sender: str, organization_id: int) -> int:
    """Give an organisation the messages of a sender that nobody's were; how many."""
    done = session.execute(
        update(InboundMessage)
        .where(
            InboundMessage.channel == channel,
            InboundMessage.sender == sender,
            InboundMessage.organization_id.is_(None),
        )
        .values(organization_id=organization_id)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], done).rowcount
