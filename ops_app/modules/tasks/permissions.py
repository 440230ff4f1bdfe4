"""Who sees tasks and works on them."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.permissions import Permission

TaskReader = Annotated[Actor, allowed(Permission.WORKLIST_TASK_READ)]
TaskAnswerer = Annotated[Actor, allowed(Permission.WORKLIST_TASK_ANSWER)]
