"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.permissions import Permission

ChangeSigner = Annotated[Actor, allowed(Permission.ACCOUNTS_CHANGE_SIGN)]
GroupManager = Annotated[Actor, allowed(Permission.ACCOUNTS_GROUP_MANAGE)]
NetworkManager = Annotated[Actor, allowed(Permission.ACCOUNTS_NETWORK_MANAGE)]
RoleManager = Annotated[Actor, allowed(Permission.ACCOUNTS_ROLE_MANAGE)]
UserManager = Annotated[Actor, allowed(Permission.ACCOUNTS_USER_MANAGE)]
