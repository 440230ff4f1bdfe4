"""The audit journal, and opening a card with a stated reason."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
