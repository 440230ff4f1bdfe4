"""Every SELECT of quality control."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality.models import ControlLot, Hold, Run, Target
from ops_app.modules.organizations.models import Organization

SERIES = dt.timedelta(hours=2)
"""Levels measured within this time belong to one series."""


def targets(session: Session, scope: Scope, *, closed: bool = False) -> Sequence[Row[Target, ControlLot, Device]]:
    """Targets that hold, by analyser and parameter."""
    statement = (
        select(Target, ControlLot, Device)
        .join(ControlLot, ControlLot.id == Target.lot_id)
        .join(Device, Device.id == Target.device_id)
        .where(scope.condition(ControlLot.organization_id), Target.replaced_at.is_(None))
    )
    if not closed:
        statement = statement.where(ControlLot.closed_at.is_(None))
    return session.execute(statement.order_by(Device.name, Target.parameter_code, ControlLot.level, Target.id)).all()


def target(session: Session, scope: Scope, target_id: int) -> Row[Target, ControlLot, Device] | None:
    """One target with its lot and analyser."""
    return session.execute(
        select(Target, ControlLot, Device)
        .join(ControlLot, ControlLot.id == Target.lot_id)
        .join(Device, Device.id == Target.device_id)
        .where(Target.id == target_id, scope.condition(ControlLot.organization_id))
    ).one_or_none()


def standing_target(session: Session, lot_id: int, device_id: int, parameter_code: str) -> Target | None:
    """The target that holds now."""
    return session.scalar(
        select(Target).where(
            Target.lot_id == lot_id,
            Target.device_id == device_id,
            Target.parameter_code == parameter_code,
            Target.replaced_at.is_(None),
        )
    )


def lots(session: Session, scope: Scope) -> Sequence[Row[ControlLot, Organization]]:
    """Lots of a scope, open ones first."""
    return session.execute(
        select(ControlLot, Organization)
        .join(Organization, Organization.id == ControlLot.organization_id)
        .where(scope.condition(ControlLot.organization_id))
        .order_by(ControlLot.closed_at.is_not(None), ControlLot.material, ControlLot.level, ControlLot.id.desc())
    ).all()


def lot(session: Session, scope: Scope, lot_id: int) -> ControlLot | None:
    """A lot of the scope."""
    return session.scalar(
        select(ControlLot).where(ControlLot.id == lot_id, scope.condition(ControlLot.organization_id))
    )


def open_lot(session: Session, organization_id: int, specimen_code: str) -> ControlLot | None:
    """The lot in use whose tube bears this code."""
    return session.scalar(
        select(ControlLot).where(
            ControlLot.organization_id == organization_id,
            ControlLot.specimen_code == specimen_code,
            ControlLot.closed_at.is_(None),
        )
    )


def runs(session: Session, target_id: int, limit: int = 60) -> list[Run]:
    """The newest runs, oldest first, withdrawn ones among them."""
    newest = session.scalars(
        select(Run).where(Run.target_id == target_id).order_by(Run.at.desc(), Run.id.desc()).limit(limit)
    ).all()
    return list(reversed(newest))


def run(session: Session, scope: Scope, run_id: int) -> Run | None:
    """A run of the scope."""
    return session.scalar(
        select(Run)
        .join(Target, Target.id == Run.target_id)
        .join(ControlLot, ControlLot.id == Target.lot_id)
        .where(Run.id == run_id, scope.condition(ControlLot.organization_id))
    )


def run_by_source(session: Session, target_id: int, source_key: str) -> Run | None:
    """The run that a message already made."""
    return session.scalar(select(Run).where(Run.target_id == target_id, Run.source_key == source_key))


def earlier_z(session: Session, target_id: int, after: dt.datetime | None, until: dt.datetime) -> list[float]:
    """Z-scores of the last nine runs that count, oldest first."""
    statement = select(Run.z).where(Run.target_id == target_id, Run.withdrawn_at.is_(None), Run.at <= until)
    if after is not None:
        statement = statement.where(Run.at > after)
    return list(reversed(session.scalars(statement.order_by(Run.at.desc(), Run.id.desc()).limit(9)).all()))


def companion_z(session: Session, judged: Target, after: dt.datetime | None, at: dt.datetime) -> list[float]:
    """The newest z-score of each other level of the same analyser and parameter in the same series."""
    statement = (
        select(Run.z)
        .distinct(Target.lot_id)
        .join(Target, Target.id == Run.target_id)
        .where(
            Target.device_id == judged.device_id,
            Target.parameter_code == judged.parameter_code,
            Target.lot_id != judged.lot_id,
            Run.withdrawn_at.is_(None),
            Run.at <= at,
            Run.at >= at - SERIES,
        )
        .order_by(Target.lot_id, Run.at.desc(), Run.id.desc())
    )
    if after is not None:
        statement = statement.where(Run.at > after)
    return list(session.scalars(statement))


def last_run(session: Session, target_id: int) -> Run | None:
    """The newest run that counts."""
    return session.scalar(
        select(Run)
        .where(Run.target_id == target_id, Run.withdrawn_at.is_(None))
        .order_by(Run.at.desc(), Run.id.desc())
        .limit(1)
    )


def last_runs(session: Session, target_ids: Sequence[int]) -> dict[int, Run]:
    """The same for several targets."""
    newest = (
        select(Run)
        .distinct(Run.target_id)
        .where(Run.target_id.in_(target_ids), Run.withdrawn_at.is_(None))
        .order_by(Run.target_id, Run.at.desc(), Run.id.desc())
    )
    return {each.target_id: each for each in session.scalars(newest)}


def newest_hold(session: Session, device_id: int, parameter_code: str, until: dt.datetime) -> Hold | None:
    """The last hold that began by then; runs before it do not count any more."""
    return session.scalar(
        select(Hold)
        .where(Hold.device_id == device_id, Hold.parameter_code == parameter_code, Hold.since <= until)
        .order_by(Hold.since.desc(), Hold.id.desc())
        .limit(1)
    )


def open_hold(session: Session, device_id: int, parameter_code: str) -> Hold | None:
    """The hold that waits for a person."""
    return session.scalar(
        select(Hold).where(Hold.device_id == device_id, Hold.parameter_code == parameter_code, Hold.closed_at.is_(None))
    )


def hold_at(session: Session, device_id: int, parameter_code: str, at: dt.datetime) -> Hold | None:
    """The hold in whose time a result was measured."""
    return session.scalar(
        select(Hold)
        .where(
            Hold.device_id == device_id,
            Hold.parameter_code == parameter_code,
            Hold.since <= at,
            Hold.closed_at.is_(None) | (Hold.closed_at > at),
        )
        .order_by(Hold.since.desc())
        .limit(1)
    )


def holds(scope: Scope, *, closed: bool) -> Select[Hold, Device, Run, Target, ControlLot]:
    """Holds with the run that began them."""
    state = Hold.closed_at.is_not(None) if closed else Hold.closed_at.is_(None)
    return (
        select(Hold, Device, Run, Target, ControlLot)
        .join(Device, Device.id == Hold.device_id)
        .join(Run, Run.id == Hold.run_id)
        .join(Target, Target.id == Run.target_id)
        .join(ControlLot, ControlLot.id == Target.lot_id)
        .where(scope.condition(ControlLot.organization_id), state)
    )


def hold(session: Session, scope: Scope, hold_id: int) -> Hold | None:
    """A hold of the scope."""
    return session.scalar(
        select(Hold)
        .join(Device, Device.id == Hold.device_id)
        .where(Hold.id == hold_id, scope.condition(Device.organization_id))
    )


def waiting(session: Session, scope: Scope) -> int:
    """How many holds wait for a person."""
    return session.scalar(select(func.count()).select_from(holds(scope, closed=False).subquery())) or 0


def analysers(session: Session, scope: Scope) -> Sequence[Device]:
    """Analysers of the scope that a target may name."""
    return session.scalars(
        select(Device)
        .where(Device.kind == "analyser", Device.is_active, scope.condition(Device.organization_id))
        .order_by(Device.name, Device.id)
    ).all()
