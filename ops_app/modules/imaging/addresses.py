"""Addresses of stored objects as answers name them: a client comes back to them with nothing added."""

from __future__ import annotations

from starlette.requests import Request

from ops_app.modules.imaging.search import Found
from saulyq.settings import settings


def root(request: Request) -> str:
    """Where DICOMweb begins, as the client reaches it: behind a proxy only the setting knows."""
    public = settings().public_url
    if public is None:
        base, listens = request.base_url, request.scope.get("server") or ("", None)
        # dicomweb-client names the host without its port
        if base.port is None and listens[1] not in (None, 80, 443):
            base = base.replace(port=listens[1])
        public = str(base).rstrip("/")
    return f"{public}/dicomweb"


def address_of(request: Request, row: Found) -> str:
    """The study, series or object of a row."""
    address = f"{root(request)}/studies/{row.study.study_uid}"
    if row.series is not None:
        address += f"/series/{row.series.series_uid}"
    if row.instance is not None:
        address += f"/instances/{row.instance.sop_uid}"
    return address
