"""Shape of what the accounts pages send."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops_app.kit.dates import DateInput, TimeInput
from ops_app.kit.form_fields import listed
from ops_app.modules.organizations.models import POSITIONS

Level = Literal["node", "organization", "subordinate", "region"]


class SignInForm(BaseModel):
    """Login and password."""

    login: Annotated[str, Field(max_length=64)]
    password: Annotated[str, Field(max_length=200)]


class PasswordForm(BaseModel):
    """A change of one's own password."""

    old_password: Annotated[str, Field(max_length=200)]
    new_password: Annotated[str, Field(max_length=200)]
    new_password_again: Annotated[str, Field(max_length=200)]


class OfficialRequest(BaseModel):
    """The facility's official request, when there was one."""

    request_number: Annotated[str, Field(max_length=60)] | None = None
    request_date: DateInput | None = None

    @property
    def request(self) -> dict[str, object]:
        """The official request as the audit keeps it."""
        known = {"request_number": self.request_number, "request_date": self.request_date}
        return {name: value for name, value in known.items() if value is not None}


class RoleForm(OfficialRequest):
    """A role and the node it holds at; the number 0 stands for the whole installation."""

    role: Annotated[str, Field(max_length=41)]
    organization_id: Annotated[int, Field(ge=0)]
    level: Level = "subordinate"

    @property
    def node(self) -> int | None:
        """The node, None for the whole installation."""
        return self.organization_id or None


class AccountForm(RoleForm):
    """A new account with its first role."""

    login: Annotated[str, Field(max_length=64)]
    display_name: Annotated[str, Field(min_length=3, max_length=120)]
    kind: Literal["person", "service"] = "person"


class CodeForm(BaseModel):
    """A code of the second factor."""

    code: Annotated[str, Field(max_length=40)]


class OwnPasswordForm(BaseModel):
    """One's own password once more."""

    password: Annotated[str, Field(max_length=200)]


class BanForm(BaseModel):
    """A temporary ban, whole days, the last one included."""

    ban_from: DateInput
    ban_to: DateInput
    reason: Annotated[str, Field(min_length=5, max_length=500)]


class HoursForm(BaseModel):
    """Working hours: days that share one shift; none clears them."""

    weekdays: list[Literal["1", "2", "3", "4", "5", "6", "7"]] = []
    starts: TimeInput | None = None
    ends: TimeInput | None = None


class RefusalForm(BaseModel):
    """Why a change of an account is not signed."""

    reason: Annotated[str, Field(min_length=5, max_length=500)]


class PermitForm(BaseModel):
    """A period in which a service account may work, and the letter that permits it."""

    permit_from: DateInput
    permit_to: DateInput
    basis: Annotated[str, Field(min_length=5, max_length=300)]


class NetworkForm(BaseModel):
    """A trusted network of an organisation."""

    organization_id: Annotated[int, Field(gt=0)]
    network: Annotated[str, Field(max_length=60)]
    note: Annotated[str, Field(max_length=200)] | None = None


class StoredRoleForm(BaseModel):
    """A role of one's own."""

    name_kk: Annotated[str, Field(min_length=2, max_length=80)]
    name_ru: Annotated[str, Field(min_length=2, max_length=80)]
    name_en: Annotated[str, Field(min_length=2, max_length=80)]
    needs_second_factor: bool = False
    permissions: Annotated[list[str], Field(min_length=1)]


class NewRoleForm(StoredRoleForm):
    """A new role with its code."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")]


class GroupNames(BaseModel):
    """What a group is called."""

    name_kk: Annotated[str, Field(min_length=2, max_length=80)]
    name_ru: Annotated[str, Field(min_length=2, max_length=80)]
    name_en: Annotated[str, Field(min_length=2, max_length=80)]


class GroupForm(GroupNames):
    """A new group of a node; the number 0 stands for the whole installation."""

    organization_id: Annotated[int, Field(ge=0)]

    @property
    def node(self) -> int | None:
        """The node, None for the whole installation."""
        return self.organization_id or None


class MemberForm(OfficialRequest):
    """A user or a position that joins a group."""

    login: Annotated[str, Field(max_length=64)] | None = None
    position: Annotated[str, listed(POSITIONS)] | None = None


class GroupRoleForm(OfficialRequest):
    """A role a group carries: at a node, in the whole installation (0), or where each member works."""

    role: Annotated[str, Field(max_length=41)]
    place: Annotated[str, Field(pattern=r"^(workplace|[0-9]{1,18})$")]
    level: Level = "subordinate"

    @property
    def at_workplace(self) -> bool:
        """Whether it holds where each member works."""
        return self.place == "workplace"

    @property
    def node(self) -> int | None:
        """The node, if one is named."""
        return None if self.at_workplace else int(self.place) or None
