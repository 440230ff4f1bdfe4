"""Accounts of the demo: one for each role, with random passwords kept in one file of the owner's."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from ops_app.modules.accounts import passwords, service
from ops_app.permissions import Role

FILE = "demo_accounts.json"
# Login, role, position whose holder it is (none: nobody's), and the node: the site and organisation of
# the first village, the polyclinic, or the whole district.
_WANTED: tuple[tuple[str, Role, str | None, str], ...] = (
    ("registrar", Role.REGISTRAR, "registrar", "polyclinic"),
    ("nurse", Role.NURSE, "nurse", "village"),
    ("doctor", Role.DOCTOR, "general_practitioner", "village"),
    ("obstetrician", Role.DOCTOR, "obstetrician", "polyclinic"),
    ("oncall", Role.ONCALL_OBSTETRICIAN, None, "district"),
    ("chief", Role.CHIEF_PHYSICIAN, "chief_physician", "polyclinic"),
    ("official", Role.OFFICIAL, None, "district"),
    ("engineer", Role.DATA_ENGINEER, None, "everything"),
    ("admin", Role.ADMINISTRATOR, None, "everything"),
)
NAMES = {
    "oncall": "Сейітқалиева Мәриям",
    "official": "Досжанов Бауыржан",
    "engineer": "Ким Виктор",
    "admin": "Ахметова Сәуле",
}
"""Whoever holds no position in the district has an invented name all the same."""
NODES = """
select
  (select min(id) from organizations.organization where kind = 'region' and not is_external) as district,
  (select min(id) from organizations.organization
   where organization_type = 'polyclinic' and not is_external) as polyclinic,
  (select min(id) from organizations.organization
   where organization_type = 'ambulatory' and not is_external) as village
"""
_HOLDER = """
select r.practitioner_id, p.family_name || ' ' || p.given_name as name
from organizations.practitioner_role r join organizations.practitioner p on p.id = r.practitioner_id
where r.position = :position and r.organization_id = :node order by r.id limit 1
"""


def create(connection: Connection, secrets: Path) -> Path:
    """Create the accounts that are not there yet and write their passwords; return the file."""
    made: dict[str, dict[str, Any]] = {}
    with Session(connection) as session:
        nodes = {**session.execute(text(NODES)).mappings().one(), "everything": None}
        for login, role, position, node in _WANTED:
            if session.scalar(
                text("select exists (select from accounts.account where login = :login)"), {"login": login}
            ):
                continue
            holder = (
                session.execute(text(_HOLDER), {"position": position, "node": nodes[node]}).one_or_none()
                if position
                else None
            )
            name = holder.name if holder else NAMES.get(login, login.capitalize())
            made[login] = make(session, login, role, nodes[node], name, holder.practitioner_id if holder else None)
        session.flush()
    path = secrets / FILE
    write(path, made)
    return path


def make(
    session: Session, login: str, role: Role, node: int | None, name: str, practitioner_id: int | None
) -> dict[str, Any]:
    """Create an account; what the file tells of it."""
    password = passwords.random_password()
    service.create_account(session, login, name, [(role, node)], practitioner_id=practitioner_id, password=password)
    return {"password": password, "role": role.value, "organization_id": node}


def write(path: Path, accounts: dict[str, dict[str, Any]]) -> None:
    """Keep the passwords where only their owner reads them."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(accounts, file, ensure_ascii=False, indent=2)
    draft.rename(path)
