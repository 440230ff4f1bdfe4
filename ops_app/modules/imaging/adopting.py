"""Studies of a station that somebody registered after they came."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from ops_app.modules.imaging.models import Study


def adopt(session: Session, title: str, device_id: int, organization_id: int) -> int:
    """Give an organisation the studies of a station that nobody knew; how many.

    A study made for an order stays with who performed the order.
    """
    done = session.execute(
        update(Study)
        .where(Study.calling_ae == title, Study.device_id.is_(None), Study.service_request_id.is_(None))
        .values(device_id=device_id, organization_id=organization_id)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], done).rowcount
