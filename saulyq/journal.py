"""The audit journal from the command line: sealing and verifying as the app's own database role."""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from saulyq import database
from saulyq.settings import Settings

if TYPE_CHECKING:
    from ops_app.modules.audit.verification import Report


def verify(current: Settings) -> "Report":
    """Compare the whole journal with its seals."""
    from ops_app.modules.audit import sealing, verification

    head = sealing.read_head(current)
    with database.engine(current, "app") as engine, Session(engine) as session:
        return verification.verify(session, sealing.audit_key(current), head)


def seal(current: Settings) -> int:
    """Seal the rows that wait; give their number."""
    from ops_app.modules.audit import sealing

    with database.engine(current, "app") as engine:
        return sealing.seal_all(engine, current)


def accept_restored(current: Settings, reason: str) -> None:
    """Write into the journal that a backup was restored, and let the chain go on from its newest block."""
    from ops_app import audit
    from ops_app.modules.audit import sealing
    from ops_app.modules.audit.models import Block

    before = sealing.read_head(current)
    with database.engine(current, "app") as engine:
        with Session(engine, expire_on_commit=False) as session:
            last = session.scalars(select(Block).order_by(Block.number.desc()).limit(1)).one_or_none()
            audit.security(
                session,
                audit.typed_by(),
                "audit:backup_restored",
                reason=reason,
                remembered=before.number if before else None,
                restored=last.number if last else None,
            )
            session.commit()
        if last is not None:
            sealing.write_head(current, sealing.Head(last.number, last.seal.hex()))
        else:
            sealing.head_file(current).unlink(missing_ok=True)
        sealing.seal_all(engine, current)
