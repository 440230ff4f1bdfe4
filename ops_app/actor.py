"""Who acts: the account behind a request, with the permissions and the places they hold in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, any_, bindparam, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from ops_app.permissions import Permission
from ops_app.role_permissions import ROLE_PERMISSIONS

_SHIPPED: dict[str, frozenset[Permission]] = {str(role): held for role, held in ROLE_PERMISSIONS.items()}


@dataclass(frozen=True, slots=True)
class Scope:
    """Places where a permission holds: the whole installation, or listed organisation nodes."""

    everywhere: bool = False
    organization_ids: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.organization_ids)

    def allows(self, organization_id: int | None) -> bool:
        """Whether this node lies inside."""
        return self.everywhere or organization_id in self.organization_ids

    def condition(self, column: Any) -> ColumnElement[bool]:
        """The same as SQL, for a column that holds an organisation node."""
        if self.everywhere:
            return true()
        listed = bindparam(None, sorted(self.organization_ids), type_=ARRAY(BigInteger))
        return column == any_(listed)

    def within(self, organization_ids: frozenset[int]) -> Scope:
        """What of it lies in these nodes."""
        return Scope(False, organization_ids if self.everywhere else self.organization_ids & organization_ids)

    def joined(self, other: Scope) -> Scope:
        """Both together."""
        return Scope(self.everywhere or other.everywhere, self.organization_ids | other.organization_ids)


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role held at a node and everything below it; no node means the whole installation."""

    role: str
    organization_id: int | None
    scope: Scope
    permissions: frozenset[Permission] | None = None
    """None: as the program ships the role."""

    @property
    def held(self) -> frozenset[Permission]:
        """What the role allows."""
        if self.permissions is not None:
            return self.permissions
        return _SHIPPED.get(self.role, frozenset())


@dataclass(frozen=True)
class Actor:
    """A signed-in member of staff."""

    account_id: int
    session_id: int
    login: str
    display_name: str
    language: str
    practitioner_id: int | None = None
    must_change_password: bool = False
    must_add_second_factor: bool = False
    is_service: bool = False
    is_program: bool = False
    """Shows an access token instead of a session: a program outside reads, not a person at a screen."""
    grants: tuple[RoleGrant, ...] = field(default=())
    place_id: int | None = None
    """The node chosen to work at; the grants hold there only."""

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    @property
    def is_placed(self) -> bool:
        """Whether anything ties the actor to a place: one chosen, a person who may have a post, a role held there."""
        ties = (self.place_id, self.practitioner_id, *(grant.organization_id for grant in self.grants))
        return any(tie is not None for tie in ties)

    @cached_property
    def _scopes(self) -> dict[Permission, Scope]:
        scopes: dict[Permission, Scope] = {}
        for grant in self.grants:
            for permission in grant.held:
                scopes[permission] = scopes.get(permission, Scope()).joined(grant.scope)
        return scopes

    def may(self, permission: Permission) -> bool:
        """Whether the actor holds the permission anywhere."""
        return permission in self._scopes

    def scope(self, permission: Permission) -> Scope:
        """Where the actor holds the permission."""
        return self._scopes.get(permission, Scope())

    @cached_property
    def reach(self) -> Scope:
        """All places of all roles together."""
        whole = Scope()
        for grant in self.grants:
            whole = whole.joined(grant.scope)
        return whole
