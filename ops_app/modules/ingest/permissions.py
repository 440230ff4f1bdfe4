"""The access rules that routes of this module name."""

from __future__ import annotations

from typing import Annotated

from ops_app.actor import Actor
from ops_app.auth import allowed
from ops_app.permissions import Permission

JournalReader = Annotated[Actor, allowed(Permission.INGEST_JOURNAL_READ)]
ContentsReader = Annotated[Actor, allowed(Permission.INGEST_CONTENTS_READ)]
Corrector = Annotated[Actor, allowed(Permission.INGEST_MESSAGE_CORRECT)]
