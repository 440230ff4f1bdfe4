"""Shape of what the accounts pages send."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from ops_app.permissions import Role


class SignInForm(BaseModel):
    """Login and password."""

    login: Annotated[str, Field(max_length=64)]
    password: Annotated[str, Field(max_length=200)]


class PasswordForm(BaseModel):
    """A change of one's own password."""

    old_password: Annotated[str, Field(max_length=200)]
    new_password: Annotated[str, Field(max_length=200)]
    new_password_again: Annotated[str, Field(max_length=200)]


class RoleForm(BaseModel):
    """A role and the node it holds at; the number 0 stands for the whole installation."""

    role: Role
    organization_id: Annotated[int, Field(ge=0)]

    @property
    def node(self) -> int | None:
        """The node, None for the whole installation."""
        return self.organization_id or None


class AccountForm(RoleForm):
    """A new account with its first role."""

    login: Annotated[str, Field(max_length=64)]
    display_name: Annotated[str, Field(min_length=3, max_length=120)]
