"""Opening a person for the API: by the rules of the screens; what a program reads is a disclosure too."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.modules.personal_data.disclosures import read_by_program
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission


def opened(session: Session, actor: Actor, patient_id: int, permission: Permission) -> None:
    """Open a person, and enter a program that reads him into the register of disclosures."""
    access = open_patient(session, actor, patient_id, permission)
    told(session, actor, [patient_id], access.rule)


def told(session: Session, actor: Actor, patient_ids: Iterable[int], rule: str) -> None:
    """Enter people whom a program was told of; a person at a screen discloses nothing by reading."""
    if not actor.is_program:
        return
    for patient_id in sorted(set(patient_ids)):
        read_by_program(session, actor, patient_id, rule)
