"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.permissions import Permission

AccessReviewer = Annotated[Actor, allowed(Permission.AUDIT_ACCESS_REVIEW)]
IncidentOfficer = Annotated[Actor, allowed(Permission.SECURITY_INCIDENT_MANAGE)]
SignInReader = Annotated[Actor, allowed(Permission.SECURITY_SIGNIN_READ)]
