"""Opening a study: the rule of its person, or of whoever decides about studies that have none yet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Forbidden, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.access.queries import opening_scopes
from ops_app.modules.imaging.elements import is_uid
from ops_app.modules.imaging.models import Study
from ops_app.modules.imaging.search import Found, Level, find, of_people_within
from ops_app.modules.patients.access import AccessRule
from ops_app.modules.patients.models import AccessGrant
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission


def open_study(session: Session, actor: Actor, study: Study) -> None:
    """Check and record that the actor sees this study."""
    if study.patient_id is not None:
        open_patient(session, actor, study.patient_id, Permission.IMAGING_STUDY_READ)
        return
    if not actor.scope(Permission.IMAGING_STUDY_RECONCILE).allows(study.organization_id):
        raise Forbidden(_("Nobody has said yet whose study this is"))
    audit.security(session, actor.login, "imaging:unmatched_opened", account_id=actor.account_id, study=study.study_uid)


def listed_to(session: Session, actor: Actor) -> ColumnElement[bool] | None:
    """The condition that a search names a study to this reader; None when it names him all.

    A viewer searches for the very study it was told to show, so a card opened with a stated reason is found too.
    """
    scope = actor.scope(Permission.IMAGING_STUDY_READ)
    if scope.everywhere:
        return None
    if AccessRule.STATED_REASON not in opening_scopes(session, actor, Permission.IMAGING_STUDY_READ):
        return of_people_within(scope)
    stated = select(AccessGrant.patient_id).where(
        AccessGrant.granted_to == actor.login, AccessGrant.expires_at > clock.now()
    )
    return or_(of_people_within(scope), Study.patient_id.in_(stated))


def opened(
    session: Session, actor: Actor, level: Level, study: str, series: str | None = None, sop: str | None = None
) -> Sequence[Found]:
    """Rows of a study the actor may see, or 404."""
    keys = {"StudyInstanceUID": study, "SeriesInstanceUID": series or "", "SOPInstanceUID": sop or ""}
    if not all(is_uid(uid) for uid in keys.values() if uid):
        raise NotFound(_("There is no such study"))
    rows = find(session, level, keys)
    if not rows:
        raise NotFound(_("There is no such study"))
    open_study(session, actor, rows[0].study)
    return rows
