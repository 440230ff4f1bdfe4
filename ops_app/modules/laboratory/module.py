"""The laboratory, from the order to the signed result."""

from __future__ import annotations

from ops_app.module import Module

MODULE = Module("laboratory")
