"""Images: received, matched, shown, handed out."""

from __future__ import annotations

from ops_app.module import Module

MODULE = Module("imaging")
