"""Help for each role."""

from __future__ import annotations

from ops_app.module import Module
from ops_app.modules.help.routes import router

MODULE = Module("help", router=router)
