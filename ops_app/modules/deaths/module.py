"""What the module shows: nothing of its own yet, its tables are used by others."""

from __future__ import annotations

from ops_app.module import Module

MODULE = Module("deaths")
