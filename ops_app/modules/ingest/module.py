"""Inbound messages."""

from __future__ import annotations

from ops_app.module import Module

MODULE = Module("ingest")
