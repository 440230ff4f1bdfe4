"""Marking the frames that tell what the report says."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.imaging.models import Instance, Study
from ops_app.modules.radiology.models import KeyImage


def toggle(session: Session, actor: Actor, study: Study, instance: Instance, frame: int) -> KeyImage:
    """Mark a frame, or unmark a marked one; the row stays and says who did it when."""
    if not 1 <= frame <= instance.frames:
        raise Invalid(_("There is no such picture"), field="frame")
    session.get(Instance, instance.id, with_for_update=True)
    row = session.scalar(
        select(KeyImage).where(
            KeyImage.instance_id == instance.id, KeyImage.frame == frame, KeyImage.unmarked_at.is_(None)
        )
    )
    before = audit.snapshot(row) if row is not None else None
    if row is None:
        row = KeyImage(study_id=study.id, instance_id=instance.id, frame=frame, marked_by=actor.login)
        session.add(row)
    else:
        row.unmarked_at, row.unmarked_by = clock.now(), actor.login
    session.flush()
    audit.changed(
        session,
        actor,
        entity="radiology.key_image",
        entity_id=row.id,
        patient_id=study.patient_id,
        before=before,
        after=audit.snapshot(row),
    )
    return row
