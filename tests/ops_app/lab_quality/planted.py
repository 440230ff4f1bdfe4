"""Analysers and the controls they are watched by, as tests need them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality.models import ControlLot, Target


def plant_analyser(session: Session, organization_id: int, name: str, **values: Any) -> Device:
    """An analyser that calls itself by its name."""
    known = {"kind": "analyser", "name": name, "protocol": "hl7", "sender": name, "registered_by": "test"}
    row = Device(organization_id=organization_id, **(known | values))
    session.add(row)
    session.flush()
    return row


def plant_target(
    session: Session, device: Device, parameter_code: str, mean: float, sd: float, *, level: int = 1, **values: Any
) -> Target:
    """A lot of controls in use, with its target on the device; its tube is called QC-L and the level."""
    lot = ControlLot(
        organization_id=device.organization_id,
        material="Multi",
        level=level,
        lot_number=str(level),
        specimen_code=f"QC-L{level}",
        expires_on=clock.today() + dt.timedelta(days=90),
        opened_by="test",
    )
    session.add(lot)
    session.flush()
    row = Target(
        lot_id=lot.id, device_id=device.id, parameter_code=parameter_code, mean=mean, sd=sd, set_by="test", **values
    )
    session.add(row)
    session.flush()
    return row
