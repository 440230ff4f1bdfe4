"""The access rules that routes of this module name."""

from __future__ import annotations

from ops_app.modules.patients.permissions import IdentityReader, IdentityWriter

__all__ = ["IdentityReader", "IdentityWriter"]
