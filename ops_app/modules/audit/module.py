"""The journal of reads and changes, stated reasons and their review."""

from __future__ import annotations

from ops_app.module import Module
from ops_app.modules.audit.routes import router

MODULE = Module("audit", router=router)
