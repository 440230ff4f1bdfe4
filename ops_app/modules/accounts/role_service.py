"""Writing roles."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.modules.accounts import queries
from ops_app.modules.accounts.forms import NewRoleForm, StoredRoleForm
from ops_app.modules.accounts.models import StoredRole


def create_role(session: Session, form: NewRoleForm, *, by: Actor) -> StoredRole:
    """Make a role of one's own."""
    if session.get(StoredRole, form.code) is not None:
        raise Conflict(_("There is a role with this code already"), field="code")
    _refuse_unknown(form)
    role = StoredRole(**form.model_dump())
    session.add(role)
    session.flush()
    audit.changed(session, by, entity="accounts.role", entity_id=role.code, after=audit.snapshot(role))
    return role


def change_role(session: Session, role: StoredRole, form: StoredRoleForm, *, by: Actor) -> None:
    """Change a role; of a built-in one only whether it asks for a second factor."""
    before = audit.snapshot(role)
    if not role.is_builtin:
        _refuse_unknown(form)
        role.name_kk, role.name_ru, role.name_en = form.name_kk, form.name_ru, form.name_en
        role.permissions = form.permissions
    elif set(form.permissions) != set(role.permissions):
        raise Conflict(_("Built-in roles follow the program: make a role like this one and change that"))
    role.needs_second_factor = form.needs_second_factor
    session.flush()
    audit.changed(session, by, entity="accounts.role", entity_id=role.code, before=before, after=audit.snapshot(role))


def remove_role(session: Session, role: StoredRole, *, by: Actor) -> None:
    """Remove a role nobody holds."""
    if role.is_builtin:
        raise Conflict(_("Built-in roles cannot be removed"))
    used = queries.holders(session, role.code)
    if used:
        raise Conflict(
            _("The role is in use: %(n)s assignments", n=used),
            advice=_("Take it away from its holders or give them another one first."),
        )
    audit.changed(
        session, by, entity="accounts.role", entity_id=role.code, before=audit.snapshot(role), after={"code": None}
    )
    session.delete(role)
    session.flush()


def _refuse_unknown(form: StoredRoleForm) -> None:
    if not set(form.permissions) <= queries.KNOWN_PERMISSIONS:
        raise Invalid(_("Choose one of the listed values"), field="permissions")
